// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineOperation } from '../../operations/operation.ts';
import type { Reach } from '../../operations/principal.ts';
import { type StatisticsOutput, statisticsInput, statisticsOutput } from './statistics.schema.ts';

export interface StatisticsServices {
  readonly statistics: (reach: Reach, minutes: number) => Promise<StatisticsOutput>;
}

const getStatistics = defineOperation({
  name: 'stats.get',
  summary: 'Show what waits, and how much was accepted, sent, deferred and reported in each of the last minutes',
  http: { method: 'GET', path: '/v1/stats' },
  access: 'tenant',
  scope: 'messages:read',
  audit: false,
  input: statisticsInput,
  output: statisticsOutput,
  run: ({ statistics }: StatisticsServices, { minutes }, { reach }) => statistics(reach, minutes),
});

export const statisticsOperations = [getStatistics] as const;
