// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { askedTogether } from './asked-together.ts';
import type { DeliveryTimes } from './delivery-metrics.ts';
import { setOrOmit } from './set-or-omit.ts';

/** How far the tenants have been told. */
export interface ReportFigures {
  readonly unacknowledged: number;
  /** Milliseconds since the epoch; null when there is none. */
  readonly oldestAt: number | null;
  readonly failing: number;
  readonly disabled: number;
  readonly running: number;
  /** Readers that wait for events. */
  readonly waits: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Counts what comes of report calls. */
export interface ReportCounters {
  called(result: 'acknowledged' | 'failed', durationMs: number): void;
  /** Events of these ages were acknowledged. Milliseconds. */
  reported(lagsMs: readonly number[]): void;
  refused(kind: 'refused' | 'not_found', events: number): void;
  givenUp(events: number): void;
  answered(result: 'accepted' | 'duplicate' | 'rejected', messages: number): void;
}

const CALL_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

/** Of all tenants together: there may be many. */
export function createReportMetrics(
  registry: Registry,
  read: () => Promise<ReportFigures | null>,
  times: Pick<DeliveryTimes, 'told'>,
): ReportCounters {
  const registers = [registry];
  const counter = <Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const reported = counter('gmp_reported_events_total', 'Events acknowledged by tenants');
  const failures = counter('gmp_report_failures_total', 'Report calls that failed');
  const refused = counter('gmp_report_refused_events_total', 'Events that tenants refused, or did not know', ['kind']);
  const givenUp = counter('gmp_report_given_up_events_total', 'Events that tenants did not take in time');
  const answered = counter('gmp_report_messages_total', 'Messages in the answers of tenants, by what became of them', [
    'result',
  ]);
  const seconds = new Histogram({
    name: 'gmp_report_call_seconds',
    help: 'Time of report calls',
    labelNames: ['result'],
    buckets: CALL_SECONDS,
    registers,
  });
  for (const result of ['acknowledged', 'failed']) seconds.zero({ result });
  for (const kind of ['refused', 'not_found']) refused.inc({ kind }, 0);
  for (const result of ['accepted', 'duplicate', 'rejected']) answered.inc({ result }, 0);

  const shared = askedTogether(read);
  const gauge = (name: string, help: string, pick: (figures: ReportFigures) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        setOrOmit(this, await shared(), pick);
      },
    });
  };
  gauge('gmp_report_events_waiting', 'Numbered events that tenants have not acknowledged', (f) => f.unacknowledged);
  gauge('gmp_report_tenants_failing', 'Tenants whose last call failed', (f) => f.failing);
  gauge('gmp_report_tenants_disabled', 'Tenants whose endpoint said that it is gone', (f) => f.disabled);
  gauge('gmp_report_calls_running', 'Report calls under way', (f) => f.running);
  gauge('gmp_event_readers_waiting', 'Calls that wait for the next event of a tenant', (f) => f.waits);
  gauge('gmp_report_oldest_event_seconds', 'Age of the oldest event that a tenant has not acknowledged', (f) =>
    f.oldestAt === null ? 0 : Math.max(0, f.now - f.oldestAt) / 1_000,
  );

  return {
    called(result, durationMs) {
      seconds.observe({ result }, durationMs / 1_000);
      if (result === 'failed') failures.inc();
    },
    reported(lagsMs) {
      reported.inc(lagsMs.length);
      for (const lagMs of lagsMs) times.told(lagMs);
    },
    refused: (kind, events) => refused.inc({ kind }, events),
    givenUp: (events) => givenUp.inc(events),
    answered: (result, messages) => answered.inc({ result }, messages),
  };
}
