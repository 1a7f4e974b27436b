// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Random } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { MessageEventStore } from '../entities/message-event/message-event.store.ts';
import type { GivenUpStore } from '../entities/report/given-up.store.ts';
import type { ReportCallStore } from '../entities/report/report-call.store.ts';
import type { ReportExceptionStore } from '../entities/report/report-exception.store.ts';
import type { MakePk } from '../identity.ts';
import type { Log } from '../observability/log.ts';
import type { Traces } from '../observability/traces.ts';
import type { Sequencer } from '../queue/sequence-events.ts';
import type { ReportEvent } from './report-protocol.ts';
import type { ReportTarget, ReportTransport } from './report-transport.ts';
import type { TakeMessages } from './take-messages.ts';

export interface ReportSettings {
  /** A tenant with nothing to be told is called this often. Milliseconds. */
  readonly intervalMs: number;
  /** Milliseconds a call may take, from connecting to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Events in one call. */
  readonly maxBatch: number;
  /** Bytes of the body of a call; a single event that is larger goes alone. */
  readonly maxBytes: number;
  /** Calls at the same time, each to another tenant. */
  readonly concurrency: number;
  /** What a tenant did not take for so long is given up. Milliseconds. */
  readonly maxAgeMs: number;
}

/** Counters of the reports. */
export interface ReportMetrics {
  /** A call is over, after so many milliseconds. */
  called(result: 'acknowledged' | 'failed', durationMs: number): void;
  /** Events of these ages were acknowledged. Milliseconds. */
  reported(lagsMs: readonly number[]): void;
  /** Tenants could not process `count` events, or did not know them. */
  refused(kind: 'refused' | 'not_found', count: number): void;
  /** `count` events are told no more. */
  givenUp(count: number): void;
  /** Of messages in an answer. */
  answered(result: 'accepted' | 'duplicate' | 'rejected', count: number): void;
}

export interface ReporterParts {
  readonly events: MessageEventStore;
  readonly exceptions: ReportExceptionStore;
  readonly calls: ReportCallStore;
  readonly givenUp: GivenUpStore;
  /** What is recorded of a call is one unit. */
  readonly write: Database<unknown>['write'];
  readonly sequencer: Pick<Sequencer, 'sequence' | 'tenantsWithFreshEvents'>;
  readonly transport: ReportTransport;
  readonly takeMessages: TakeMessages;
  readonly clock: Clock;
  readonly random: Random;
  readonly makePk: MakePk;
  readonly log: Log;
  readonly metrics: ReportMetrics;
  /** @defaultValue nothing is traced */
  readonly traces?: Pick<Traces, 'report'>;
  readonly settings: ReportSettings;
  /** Where the tenant is told; null when it is not. What it throws counts as a failed call. */
  readonly targetOf: (tenantId: string) => Promise<ReportTarget | null>;
  /** Whether other engines work on the same database: a call is then claimed first, at the price of one commit. */
  readonly shared: boolean;
  /**
   * Until when this engine claimed calls of which it could not record the end, by tenant: it waits for none of its own,
   * as it does for those of others. Milliseconds since the epoch.
   */
  readonly claims: Map<string, number>;
  /** Called once the acknowledgement of `events` is on disk. */
  readonly onReported?: (tenantId: string, events: readonly ReportEvent[]) => void;
  /** Called once events of the tenant got their numbers. */
  readonly onSequenced?: (tenantId: string) => void;
}
