// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Recording } from '@mail-proxy/testkit';
import { type Clock, systemClock } from '../clock.ts';
import { type EventWorld, openSqliteWorld } from '../entities/message-event/event-world.case.ts';
import { createMessageEventStore, type MessageEventStore } from '../entities/message-event/message-event.store.ts';
import { createGivenUpStore } from '../entities/report/given-up.store.ts';
import { createReplayStore, type ReplayStore } from '../entities/report/replay.store.ts';
import { createReportCallStore } from '../entities/report/report-call.store.ts';
import { createReportExceptionStore } from '../entities/report/report-exception.store.ts';
import { silentLog } from '../observability/log.ts';
import { createOutgoingHttp } from '../outgoing/outgoing-http.ts';
import { createSequencer } from '../queue/sequence-events.ts';
import { createHttpReportTransport, type ReportTarget } from './report-transport.ts';
import { createReporter, type Reporter } from './reporter.ts';
import type { ReporterParts, ReportMetrics, ReportSettings } from './reporter-parts.ts';
import { NO_MESSAGES } from './take-messages.ts';

export interface ReportingOptions extends Partial<Omit<ReporterParts, 'settings'>> {
  readonly settings?: Partial<ReportSettings>;
}

/** A reporter that runs until it is stopped or disposed. */
export interface RunningReporter extends AsyncDisposable {
  readonly reporter: Reporter;
  /** Batches acknowledged and stored, as their event ids. */
  readonly acknowledged: Recording<{ readonly tenantId: string; readonly ids: readonly string[] }>;
  /** Calls that failed. */
  readonly failures: Recording<'failure'>;
  /** Tenants whose events were numbered, with repeats. */
  readonly sequenced: Recording<string>;
  stop(): Promise<void>;
}

export interface ReportingWorld extends EventWorld {
  readonly events: MessageEventStore;
  readonly replays: ReplayStore;
  /** A tenant with an endpoint; without `url` one that is not told. */
  addTold(id: string, url?: string, auth?: ReportTarget['auth'], secrets?: readonly string[]): Promise<void>;
  readonly targetOf: ReporterParts['targetOf'];
  partsOf(options?: ReportingOptions): ReporterParts;
  /** Start a reporter. Jitter draws zero, so that what failed is tried again soon; heartbeats are an hour apart. */
  report(options?: ReportingOptions): RunningReporter;
}

const SILENT_METRICS: ReportMetrics = {
  called: () => undefined,
  reported: () => undefined,
  refused: () => undefined,
  givenUp: () => undefined,
  answered: () => undefined,
};

const SETTINGS: ReportSettings = {
  intervalMs: 3_600_000,
  timeoutMs: 10_000,
  maxBatch: 100,
  maxBytes: 524_288,
  concurrency: 4,
  maxAgeMs: 604_800_000,
};

export async function openReportingWorld(): Promise<ReportingWorld> {
  const world = await openSqliteWorld();
  const http = createOutgoingHttp({ clock: systemClock, policy: { allowPrivateNetworks: true } });
  const targets = new Map<string, ReportTarget>();
  const events = createMessageEventStore(world.database);
  const targetOf = async (tenantId: string): Promise<ReportTarget | null> => targets.get(tenantId) ?? null;
  const partsOf = ({ settings, ...parts }: ReportingOptions = {}): ReporterParts => ({
    events,
    sequencer: createSequencer(world.database),
    exceptions: createReportExceptionStore(world.database),
    calls: createReportCallStore(world.database),
    givenUp: createGivenUpStore(world.database),
    write: (unit) => world.database.write(unit),
    transport: createHttpReportTransport({ http, clock: parts.clock ?? systemClock, timeoutMs: 10_000 }),
    takeMessages: async () => NO_MESSAGES,
    makePk: world.makePk,
    clock: systemClock,
    random: () => 0.999_999,
    log: silentLog,
    metrics: SILENT_METRICS,
    targetOf,
    shared: false,
    claims: new Map(),
    ...parts,
    settings: { ...SETTINGS, ...settings },
  });
  return {
    ...world,
    events,
    replays: createReplayStore(world.database, createGivenUpStore(world.database)),
    targetOf,
    partsOf,
    async addTold(id, url, auth = { method: 'none' }, secrets = []) {
      await world.addTenant(id, url);
      if (url !== undefined) targets.set(id, { url, auth, secrets });
    },
    report: (options) => run(partsOf(options)),
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

function run(parts: ReporterParts): RunningReporter {
  const acknowledged = new Recording<{ tenantId: string; ids: readonly string[] }>('acknowledged batch');
  const failures = new Recording<'failure'>('failed call');
  const sequenced = new Recording<string>('sequenced tenant');
  const reporter = createReporter({
    ...parts,
    metrics: {
      ...parts.metrics,
      called: (result) => {
        if (result === 'failed') failures.add('failure');
      },
    },
    onReported: (tenantId, batch) => acknowledged.add({ tenantId, ids: batch.map((event) => event.event_id) }),
    onSequenced: (tenantId) => sequenced.add(tenantId),
  });
  const stopping = new AbortController();
  const abandoning = new AbortController();
  const running = reporter.run(stopping.signal, abandoning.signal);
  return {
    reporter,
    acknowledged,
    failures,
    sequenced,
    async stop() {
      stopping.abort();
      await running;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      abandoning.abort();
      await running;
    },
  };
}

/** Of a {@link movingClock}, in milliseconds. */
export const START = 1_772_000_000_000;

/** A clock that moves when it is told. */
export function movingClock() {
  let at = START;
  const clock: Clock = { ...systemClock, now: () => at, monotonic: () => at };
  return {
    clock,
    pass: (ms: number): void => {
      at += ms;
    },
  };
}
