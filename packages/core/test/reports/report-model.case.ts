// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { systemClock } from '../../src/clock.ts';
import type { EventWorld } from '../../src/entities/message-event/event-world.case.ts';
import { createMessageEventStore } from '../../src/entities/message-event/message-event.store.ts';
import { createGivenUpStore } from '../../src/entities/report/given-up.store.ts';
import { createReportCallStore } from '../../src/entities/report/report-call.store.ts';
import { createReportExceptionStore } from '../../src/entities/report/report-exception.store.ts';
import { silentLog } from '../../src/observability/log.ts';
import { createSequencer } from '../../src/queue/sequence-events.ts';
import type { Batch } from '../../src/reporting/batch.ts';
import type { ReportEvent } from '../../src/reporting/report-protocol.ts';
import type { CallResult } from '../../src/reporting/report-transport.ts';
import type { ReporterParts } from '../../src/reporting/reporter-parts.ts';
import { serveTenant } from '../../src/reporting/serve-tenant.ts';
import { NO_MESSAGES } from '../../src/reporting/take-messages.ts';
import { PLAIN_TURN } from '../../src/reporting/tenant-schedule.ts';

export interface ReportModelOptions {
  /** Draws everything that is left to chance: numbers in [0, 1). */
  readonly random: () => number;
  readonly events: number;
  readonly messages: number;
  readonly maxBatch: number;
}

export interface ReportModelResult {
  readonly calls: number;
  readonly failedCalls: number;
  readonly refusedEvents: number;
  /** In the order in which they happened. */
  readonly made: readonly { readonly id: string; readonly message: string }[];
  /** In the order in which the receiver took them, each once or more. */
  readonly taken: readonly ReportEvent[];
  /** Batches by their webhook-id, as lists of event ids: one for each time it was told. */
  readonly batches: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Of a receiver's calls and of a call's events, as many as fail. */
const FAILING = 0.3;
const TENANT = 'acme';

/**
 * Let events happen while a receiver is told of them that fails at random: it does not answer, or answers after it took
 * all, or refuses single messages. Time is moved to whatever is due next, until there is nothing left to tell.
 */
export async function runReportModel(world: EventWorld, options: ReportModelOptions): Promise<ReportModelResult> {
  const { random, events, messages, maxBatch } = options;
  await world.addTenant(TENANT, 'http://client.example');
  const names = Array.from({ length: messages }, (_, index) => `m${index}`);
  for (const name of names) await world.addMessage(TENANT, name);
  const made: { id: string; message: string }[] = [];
  const taken: ReportEvent[] = [];
  const batches = new Map<string, Set<string>>();
  const seen = { calls: 0, failedCalls: 0, refusedEvents: 0 };
  let now = 1_772_000_000_000;
  const clock = { ...systemClock, now: () => now, monotonic: () => now };
  /** Towards the end it fails no more: what is left has to come. */
  let isFickle = true;

  const receive = (batch: Batch): CallResult => {
    const { items } = batch;
    seen.calls += 1;
    if (items.length > 0) {
      const told = batches.get(batch.id) ?? new Set();
      batches.set(batch.id, told.add(JSON.stringify(items.map(({ event }) => event.event_id))));
    }
    const isFailing = isFickle && random() < FAILING;
    const isTaken = !isFailing || random() < 0.5;
    const error = new Set<string>();
    for (const { event } of items) {
      const id = String(event.id);
      if (isFickle && random() < FAILING / 3) error.add(id);
      if (!isTaken) continue;
      if (error.has(id)) seen.refusedEvents += 1;
      else taken.push(event);
    }
    if (isFailing) {
      seen.failedCalls += 1;
      return { answer: { acknowledged: false, reason: 'made up' }, status: null, excerpt: null };
    }
    const answer = { acknowledged: true, queued: 0, nextSyncAfter: null, notFound: [], messages: [] } as const;
    return { answer: { ...answer, error: [...error] }, status: 200, excerpt: null };
  };

  const parts: ReporterParts = {
    events: createMessageEventStore(world.database),
    exceptions: createReportExceptionStore(world.database),
    calls: createReportCallStore(world.database),
    givenUp: createGivenUpStore(world.database),
    write: (unit) => world.database.write(unit),
    sequencer: createSequencer(world.database),
    transport: async (_target, batch) => receive(batch),
    takeMessages: async () => NO_MESSAGES,
    clock,
    random,
    makePk: world.makePk,
    log: silentLog,
    metrics: {
      called: () => undefined,
      reported: () => undefined,
      refused: () => undefined,
      givenUp: () => undefined,
      answered: () => undefined,
    },
    settings: {
      intervalMs: 3_600_000,
      timeoutMs: 1_000,
      maxBatch,
      maxBytes: 20_000,
      concurrency: 1,
      maxAgeMs: Number.MAX_SAFE_INTEGER,
    },
    targetOf: async () => ({ url: 'http://client.example', auth: { method: 'none' } }),
    shared: !world.database.dialect.isExclusive,
    claims: new Map(),
  };
  const never = new AbortController().signal;
  let turn = { ...PLAIN_TURN, fresh: true };
  for (let turns = 0; ; turns++) {
    if (turns > 40 * events) throw new Error('it does not come to an end');
    while (made.length < events && random() < 0.8) {
      const message = names[Math.floor(random() * names.length)] ?? '';
      made.push({ id: await world.addEvent(TENANT, { message, type: 'deferred' }), message });
    }
    if (turns > 10 * events) isFickle = false;
    const { next } = await serveTenant(parts, TENANT, { ...turn, fresh: true }, never);
    turn = { ...(next?.turn ?? PLAIN_TURN), fresh: true };
    const { open, nextAt } = await parts.exceptions.open(TENANT, now);
    const cursor = await parts.events.cursor(TENANT);
    if (made.length === events && open === 0 && cursor?.acked_seq === events) return { ...seen, made, taken, batches };
    if (made.length === events || random() < 0.3) {
      isFickle &&= made.length < events || random() < 0.99;
      const due = [next?.atMs, nextAt].filter((at) => at !== undefined && at !== null);
      now = Math.max(now, due.length === 0 ? now + 1 : Math.min(...due));
    }
  }
}
