// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startScriptedPeer } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { addAccount, type EngineWorld, historyUntil, mail, openWorld, serveMail } from './engine-world.case.ts';
import { startHeldRelay } from './held-relay.case.ts';

/** Samples of a scrape by name and labels. */
async function scrape({ engine }: Pick<EngineWorld, 'engine'>): Promise<ReadonlyMap<string, number>> {
  const { body } = await engine.metricsText();
  const samples = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

const countsOf = (samples: ReadonlyMap<string, number>, name: string, label: string): Record<string, number> =>
  Object.fromEntries(
    [...samples].flatMap(([sample, value]) => {
      const [, labelled] = new RegExp(`^${name}\\{${label}="([^"]*)"\\}$`).exec(sample) ?? [];
      return labelled === undefined ? [] : [[labelled, value]];
    }),
  );

describe('the histograms', () => {
  test('count the wait of each attempt by priority, its stages, the commits, and how late tenants knew', async () => {
    let connections = 0;
    await using relay = await startScriptedPeer((client) => {
      connections += 1;
      return serveMail(client, {
        extensions: ['PIPELINING', 'AUTH PLAIN'],
        onRcpt: (to) => (to.startsWith('no') ? '550 no' : '250 ok'),
      });
    });
    await using world = await openWorld({ reportSink: async () => undefined });
    await addAccount(world, relay, { max_connections: 1, user: 'someone', password: 'swordfish' });
    const before = await scrape(world);
    await world.engine.submit([
      mail('m1', { priority: 'immediate' }),
      mail('m2', { priority: 'low' }),
      mail('m3', { priority: 'low' }),
      mail('m4', { to: 'no@example.org' }),
    ]);
    for (const id of ['m1', 'm2', 'm3']) await historyUntil(world, id, 'sent');
    await historyUntil(world, 'm4', 'error');
    const samples = await scrape(world);
    expect(countsOf(samples, 'gmp_queue_wait_seconds_count', 'priority')).toEqual({
      immediate: 1,
      high: 0,
      medium: 1,
      low: 2,
    });
    const opened = { connect: connections, greeting: connections, auth: connections, tls: 0 };
    const stages = countsOf(samples, 'gmp_attempt_stage_seconds_count', 'stage');
    expect(stages).toEqual({ ...opened, mail: 4, data: 3, dot: 3 });
    // Commits come while it is read.
    await eventually(async () => {
      const later = await scrape(world);
      const since = (name: string): number => (later.get(name) ?? 0) - (before.get(name) ?? 0);
      expect(since('gmp_commit_group_units_count')).toBe(since('gmp_database_commits_total'));
      expect(since('gmp_commit_group_units_sum')).toBe(since('gmp_database_units_total'));
      expect(later.get('gmp_report_lag_seconds_count')).toBe(4);
      expect(later.get('gmp_reported_events_total')).toBe(4);
    });
  });
});

describe('what stands still', () => {
  test('is shown: the message that is due the longest, lanes by state, and who is paused', async () => {
    await using relay = await startHeldRelay();
    await using world = await openWorld();
    await addAccount(world, relay, { max_connections: 1 });
    await world.engine.submit([mail('m1')]);
    await relay.begun;
    const running = await scrape(world);
    expect(countsOf(running, 'gmp_lanes', 'state')).toMatchObject({ sending: 1, instance_paused: 0 });
    expect(countsOf(running, 'gmp_connections', 'state')).toMatchObject({ busy: 1 });
    expect(running.get('gmp_oldest_due_seconds')).toBe(0);
    expect(running.get('gmp_instance_paused')).toBe(0);
    expect(running.get('gmp_accounts_paused_by_hand')).toBe(0);

    await world.engine.execute('accounts.pause', { account_id: 'main', tenant_id: 'default' });
    expect(countsOf(await scrape(world), 'gmp_lanes', 'state')).toMatchObject({ sending: 0, account_paused: 1 });
    await world.engine.execute('instance.pause', {});
    await world.engine.execute('tenants.create', { id: 'acme' });
    await world.engine.execute('tenants.suspend', { tenant_id: 'acme' });
    await world.engine.submit([mail('m2')]);
    const stopped = await eventually(async () => {
      const later = await scrape(world);
      expect(later.get('gmp_oldest_due_seconds')).toBeGreaterThan(0.5);
      return later;
    });
    expect(stopped.get('gmp_oldest_due_seconds')).toBeLessThan(60);
    expect(stopped.get('gmp_instance_paused')).toBe(1);
    expect(stopped.get('gmp_tenants_suspended')).toBe(1);
    expect(stopped.get('gmp_accounts_paused_by_hand')).toBe(1);
    expect(stopped.get('gmp_accounts_paused')).toBe(0);
    await world.engine.execute('messages.cancel', { message_id: 'm2', tenant_id: 'default' });
    expect((await scrape(world)).get('gmp_oldest_due_seconds')).toBe(0);
    relay.release();
  });
});
