// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, type SinkMessage, type SmtpReply, startSmtpSink } from '@mail-proxy/testkit';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import { settableClock } from '../engine/clocks.case.ts';
import { addAccount, mail } from '../engine/engine-world.case.ts';
import { openInstances, skipReason } from './instances-world.case.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The clock of a machine that is wrong. */
function clockOffBy(ms: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + ms };
}

describe.skipIf(skipReason !== '')('two instances whose clocks differ by fourteen minutes', () => {
  // Real time, since the server's clock is part of what is tested: a window and a bit.
  test('never take each other for dead, send at the right time, and keep a limit together', {
    timeout: 150_000,
  }, async () => {
    await using sink = await startSmtpSink();
    await using instances = await openInstances();
    // Much less than their difference, and more than what a busy machine stops for.
    const leaseMs = 15_000;
    const ahead = await instances.open({ clock: clockOffBy(7 * MINUTE_MS), delivery: { leaseMs } });
    const behind = await instances.open({ clock: clockOffBy(-7 * MINUTE_MS), delivery: { leaseMs } });
    await addAccount(ahead, sink, { limit_per_minute: 100 });
    const submit = (from: number) =>
      [ahead, behind].map(({ engine }, index) =>
        engine.submit(Array.from({ length: 60 }, (_, n) => mail(`${from}-${index}-${n}`))),
      );
    await Promise.all(submit(0));

    // Accepted by the one that is ahead, for a time that has passed on its clock and lies far ahead of the other's.
    const sendAt = Date.now() + 62_000;
    await addAccount(ahead, sink, { id: 'scheduled' });
    await ahead.engine.submit([mail('later', { account_id: 'scheduled', send_at: new Date(sendAt).toISOString() })]);
    const later = await sink.waitFor((message) => subjectOf(message) === 'later', { timeoutMs: 100_000 });
    expect(later.at).toBeGreaterThanOrEqual(sendAt - 100);

    const limited = await eventually(
      () => {
        const arrivals = sink.messages.filter((message) => subjectOf(message) !== 'later').map(({ at }) => at);
        expect(arrivals).toHaveLength(120);
        return arrivals;
      },
      { timeoutMs: 40_000 },
    );
    expect(mostWithin(limited, MINUTE_MS)).toBe(100);
    expect(await livingSessions(instances.url)).toBe(2);
    for (const { logged } of [ahead, behind]) {
      expect(logged.filter((line) => /dead session|was ended by another/.test(line))).toEqual([]);
    }
  });
});

const JUMPS_MS = [10 * 86_400_000, -20 * 86_400_000, 10 * 86_400_000 - 3_600_000, 7_200_000];

test.skipIf(skipReason !== '')(
  'an instance whose clock is set by hours and by days sends what it retries, and expires nothing',
  async () => {
    const clock = settableClock();
    let refusals = 0;
    const busy: SmtpReply = { code: 451, text: '4.3.0 later' };
    await using sink = await startSmtpSink({ onRcpt: () => (refusals++ < 2 * JUMPS_MS.length ? busy : null) });
    await using instances = await openInstances();
    const { engine } = await instances.open({ clock });
    await addAccount({ engine }, sink);
    const expires_at = new Date(Date.now() + HOUR_MS).toISOString();
    await engine.submit([mail('m1', { expires_at })]);
    for (const [index, jumpMs] of JUMPS_MS.entries()) {
      await eventually(() => expect(refusals).toBeGreaterThan(2 * index));
      clock.forward(jumpMs);
    }
    await sink.waitFor(1);
  },
);

function subjectOf({ headers }: SinkMessage): string | undefined {
  return headers.get('subject')?.[0];
}

/** The most in any window that begins with one of them. */
function mostWithin(times: readonly number[], windowMs: number): number {
  return Math.max(...times.map((start) => times.filter((at) => at >= start && at < start + windowMs).length));
}

async function livingSessions(url: string): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  const { rowCount } = await client.query('select 1 from sessions where ended_at is null');
  await client.end();
  return rowCount ?? 0;
}
