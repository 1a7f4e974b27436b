// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, inject, test } from 'vitest';
import { openPostgresWorld, openSqliteWorld } from '../../src/entities/message-event/event-world.case.ts';
import { seededRandom } from '../../src/testing/index.ts';
import { type ReportModelResult, runReportModel } from './report-model.case.ts';

/** The long form: GMP_REPORT_MODEL_RUNS=50 GMP_REPORT_MODEL_EVENTS=2000 */
const RUNS = Number(process.env['GMP_REPORT_MODEL_RUNS'] ?? 8);
const EVENTS = Number(process.env['GMP_REPORT_MODEL_EVENTS'] ?? 60);

describe.each([
  { name: 'SQLite', skip: '', runs: RUNS, open: openSqliteWorld },
  {
    name: 'PostgreSQL',
    skip: inject('pgSkip'),
    runs: Math.ceil(RUNS / 4),
    open: () => openPostgresWorld(inject('pgUrl'), inject('pgMigrated')),
  },
])('a receiver that fails at random, on $name', ({ name, skip, runs, open }) => {
  test.skipIf(skip !== '')(
    'is told all events, under their ids, those of each message in their order',
    {
      timeout: 60_000 + runs * 30_000,
    },
    async () => {
      const totals = { calls: 0, failedCalls: 0, refusedEvents: 0, events: 0 };
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 1_000_000 }),
          fc.integer({ min: 1, max: 12 }),
          fc.integer({ min: 1, max: 30 }),
          async (seed, messages, maxBatch) => {
            await using world = await open();
            const run = await runReportModel(world, { random: seededRandom(seed), events: EVENTS, messages, maxBatch });
            check(run);
            totals.calls += run.calls;
            totals.failedCalls += run.failedCalls;
            totals.refusedEvents += run.refusedEvents;
            totals.events += run.made.length;
          },
        ),
        { numRuns: runs },
      );
      console.log(
        `report model on ${name}: ${totals.events} events in ${totals.calls} calls, ${totals.failedCalls} failed, ` +
          `${totals.refusedEvents} events refused; 0 missing, 0 changed, order held`,
      );
      expect(totals.failedCalls).toBeGreaterThan(0);
    },
  );
});

function check({ made, taken, batches }: ReportModelResult): void {
  const ids = new Set(made.map(({ id }) => id));
  const told = new Set(taken.map(({ event_id }) => event_id));
  expect(made.filter(({ id }) => !told.has(id))).toEqual([]);
  expect([...told].filter((id) => !ids.has(id))).toEqual([]);
  // The first time that each is taken, in the order in which it happened.
  for (const [message, events] of Map.groupBy(made, (event) => event.message)) {
    const firsts = [...new Set(taken.filter(({ id }) => id === message).map(({ event_id }) => event_id))];
    expect(firsts).toEqual(events.map(({ id }) => id));
  }
  const numbers = new Map<string, Set<number>>();
  for (const { event_id, seq } of taken) numbers.set(event_id, (numbers.get(event_id) ?? new Set()).add(seq));
  for (const seqs of numbers.values()) expect(seqs.size).toBe(1);
  // One webhook-id is one batch, however often it is told.
  for (const contents of batches.values()) expect(contents.size).toBe(1);
}
