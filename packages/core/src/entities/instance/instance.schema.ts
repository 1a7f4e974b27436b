// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { rfc3339OrNull, timestamp } from '../../operations/fields.ts';
import type { InstanceTable } from './instance.table.ts';

const pauseFields = {
  /** Nothing at all is sent, by no instance of this database. */
  paused: v.boolean(),
  paused_at: v.nullable(timestamp),
};

export const pauseOutput = v.object(pauseFields);

const counts = v.record(v.string(), v.number());

export const instanceOutput = v.object({
  name: v.string(),
  version: v.string(),
  edition: v.picklist(['community', 'enterprise']),
  mixins: v.array(v.string()),
  database: v.picklist(['sqlite', 'postgres']),
  /** When the database was made. */
  created_at: v.string(),
  started_at: v.string(),
  ...pauseFields,
  /** Number of this life of the engine. */
  session: v.number(),
  /** Messages being sent at this moment. */
  sending: v.number(),
  /** Messages claimed and not begun. */
  claimed: v.number(),
  /** Messages that are not final. */
  waiting: v.number(),
  by_state: counts,
  by_result: counts,
  /** When what is too old was last removed, by any instance, and how much of each kind; null before the first time. */
  retention: v.object({ ran_at: v.nullable(timestamp), deleted: v.nullable(counts) }),
});

export function retentionView(row: Pick<InstanceTable, 'retention_ran_at' | 'retention_deleted'>) {
  const { retention_ran_at, retention_deleted } = row;
  return {
    ran_at: rfc3339OrNull(retention_ran_at),
    // Written by the store from the same type.
    deleted: retention_deleted === null ? null : (JSON.parse(retention_deleted) as Record<string, number>),
  };
}

export function pauseView({ paused_at }: Pick<InstanceTable, 'paused_at'>): v.InferOutput<typeof pauseOutput> {
  return { paused: paused_at !== null, paused_at: rfc3339OrNull(paused_at) };
}
