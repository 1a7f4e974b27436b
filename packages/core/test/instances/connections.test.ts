// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startSmtpSink } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { addAccount, type EngineWorld, mail } from '../engine/engine-world.case.ts';
import { openInstances, skipReason } from './instances-world.case.ts';

async function sentBy({ engine }: EngineWorld): Promise<number> {
  const { body } = await engine.metricsText();
  return Number(/^gmp_sent_total\{[^}]*account_id="main"[^}]*\} (\d+)$/m.exec(body)?.[1] ?? 0);
}

describe.skipIf(skipReason !== '')('the connections of an account', () => {
  test('are those of all instances together, and each of two that are busy gets a part', async () => {
    await using sink = await startSmtpSink({ delayMs: 60 });
    await using instances = await openInstances();
    const one = await instances.open();
    await addAccount(one, sink, { max_connections: 4 });
    await one.engine.submit(Array.from({ length: 120 }, (_, index) => mail(`a${index}`)));
    // The first has them all by now, and must give some up.
    await sink.waitFor(10);
    const other = await instances.open();
    await other.engine.submit(Array.from({ length: 120 }, (_, index) => mail(`b${index}`)));
    await sink.waitFor(240);
    expect(sink.connections.peak).toBeLessThanOrEqual(4);
    expect(await sentBy(other)).toBeGreaterThan(20);
    await eventually(async () => expect((await sentBy(one)) + (await sentBy(other))).toBe(240));
    expect(new Set(sink.messages.map(({ messageId }) => messageId)).size).toBe(240);
  });

  test('that is one alone goes to who needs it: an instance at rest gives it up at once', async () => {
    await using sink = await startSmtpSink();
    await using instances = await openInstances();
    // Its idle connection would stay open for longer than the test lasts.
    const one = await instances.open({ delivery: { idleMs: 600_000, maxAgeMs: 600_000 } });
    await addAccount(one, sink, { max_connections: 1 });
    await one.engine.submit([mail('m1')]);
    await sink.waitFor(1);
    const other = await instances.open();
    await one.engine.stop();
    await other.engine.submit([mail('m2')]);
    await sink.waitFor(2);

    const third = await instances.open({ delivery: { idleMs: 600_000, maxAgeMs: 600_000 } });
    await third.engine.submit([mail('m3')]);
    await sink.waitFor(3);
    await eventually(async () => expect((await sentBy(other)) + (await sentBy(third))).toBe(2));
    expect(sink.connections.peak).toBe(1);
  });
});
