// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, type ReportReceiver, startReportReceiver } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { openReportingWorld, type ReportingWorld } from '../../src/reporting/reporting-world.case.ts';
import { type HostileEndpoint, hostilities, startHostile } from './hostile-endpoint.case.ts';

const GOOD_TENANTS = 5;
const EVENTS_EACH = 30;
/** Half as many slots as there are hostile endpoints. */
const SETTINGS = { concurrency: 6, timeoutMs: 4_000 };
/** What the operating system takes off a sender's hands on loopback before anybody reads it. */
const MAX_SENT = 67_108_864;

interface Telling {
  readonly world: ReportingWorld;
  readonly running: ReturnType<ReportingWorld['report']>;
  readonly receiver: ReportReceiver;
  readonly tenants: readonly string[];
  /** Of others, whose endpoints are called again and again meanwhile. */
  readonly woken?: readonly string[];
}

/** Milliseconds from each event to the receiver's having it, one after the other for each tenant. */
async function tellAll({ world, running, receiver, tenants, woken = [] }: Telling): Promise<readonly number[]> {
  const tookMs: number[] = [];
  const tell = async (tenantId: string): Promise<void> => {
    for (let i = 0; i < EVENTS_EACH; i++) {
      const begun = performance.now();
      const id = await world.addEvent(tenantId);
      running.reporter.wake(tenantId);
      for (const each of woken) running.reporter.wake(each);
      await receiver.waitForReports(({ event_id }) => event_id === id);
      tookMs.push(performance.now() - begun);
    }
  };
  await Promise.all(tenants.map(tell));
  return tookMs;
}

/** The same without anybody hostile, for the figures only. */
async function tellAlone(tenants: readonly string[]): Promise<readonly number[]> {
  await using world = await openReportingWorld();
  await using receiver = await startReportReceiver();
  for (const id of tenants) await world.addTold(id, receiver.url);
  await using running = world.report({ settings: SETTINGS, random: () => 0.5 });
  return await tellAll({ world, running, receiver, tenants });
}

function inShares(tookMs: readonly number[]): string {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`;
}

test('endpoints that do their worst delay nobody, confirm nothing and lose nothing', { timeout: 180_000 }, async () => {
  await using world = await openReportingWorld();
  await using good = await startReportReceiver();
  await using forbidden = await startReportReceiver();
  await using cleanUp = new AsyncDisposableStack();
  const hostile = new Map<
    string,
    { readonly name: string; readonly reason: RegExp; readonly endpoint: HostileEndpoint }
  >();
  for (const [name, [act, reason]] of Object.entries(hostilities(`${forbidden.url}/latest/meta-data`))) {
    const endpoint = cleanUp.use(await startHostile(act));
    const id = `hostile-${hostile.size}`;
    hostile.set(id, { name, reason, endpoint });
    await world.addTold(id, endpoint.url, { method: 'bearer', token: 'the-token' });
  }
  const tenants = Array.from({ length: GOOD_TENANTS }, (_, index) => `good-${index}`);
  for (const id of tenants) await world.addTold(id, good.url);
  const own = new Map<string, string>();
  for (const id of hostile.keys()) own.set(id, await world.addEvent(id));

  const aloneMs = await tellAlone(tenants);
  const running = cleanUp.use(world.report({ settings: SETTINGS, random: () => 0.5 }));
  await running.failures.waitFor(1);
  const tookMs = await tellAll({ world, running, receiver: good, tenants, woken: [...hostile.keys()] });
  console.log(
    `hostile endpoints: ${hostile.size} of them, ${running.failures.items.length} failed calls meanwhile; ` +
      `${tookMs.length} events of others told, ${inShares(tookMs)}; without hostile ones ${inShares(aloneMs)}`,
  );
  await eventually(async () => {
    const lists = await Promise.all([...hostile.keys()].map((id) => world.partsOf().calls.list(id, { limit: 1 })));
    return lists.every(({ items }) => items.length === 1);
  });
  for (const id of tenants) {
    const seqs = good.reports.filter((report) => report['tenant_id'] === id).map((report) => report['seq']);
    expect(seqs).toEqual(Array.from({ length: EVENTS_EACH }, (_, index) => index + 1));
  }
  for (const [id, { name, reason, endpoint }] of hostile) {
    expect(await world.events.cursor(id), name).toMatchObject({ acked_seq: 0, last_seq: 1 });
    const { items } = await world.partsOf().calls.list(id, { limit: 100 });
    expect(items.length, name).toBeGreaterThan(0);
    // On a busy machine each of them may also be too slow.
    const reasons = items.map(({ error }) => String(error)).filter((error) => error !== 'no answer in time');
    for (const error of reasons) expect(error, name).toMatch(reason);
    expect(JSON.stringify(items), name).not.toContain('the-token');
    expect(endpoint.maxSent, name).toBeLessThan(MAX_SENT);
  }
  expect(forbidden.requests).toEqual([]);

  for (const { endpoint } of hostile.values()) endpoint.reform();
  for (const id of hostile.keys()) running.reporter.runNow(id);
  await eventually(async () => {
    const cursors = await Promise.all([...hostile.keys()].map((id) => world.events.cursor(id)));
    return cursors.every((cursor) => cursor?.acked_seq === 1);
  });
  for (const [id, { name, endpoint }] of hostile) expect(endpoint.told, name).toEqual([own.get(id)]);
});
