// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { renameSync, rmSync } from 'node:fs';
import { startReportReceiver, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { addAccount, historyUntil, mail, openWorld } from './engine-world.case.ts';

const NOT_READY = /^gmp_not_ready\{reason="([a-z_]+)"\} 1$/gm;
/** /readyz has to know in this time. */
const KNOWN = { timeout: 10_000 };

async function reasonsIn(engine: { metricsText(): Promise<{ readonly body: string }> }): Promise<readonly string[]> {
  return [...(await engine.metricsText()).body.matchAll(NOT_READY)].map(([, reason = '']) => reason);
}

describe.skipIf(process.env['GMP_TEST_ENGINE_ON'] === 'postgres')('a database in a file', () => {
  test('that was removed takes nothing more, from the next write on', async () => {
    await using world = await openWorld();
    const { engine } = world;
    await addAccount(world, { port: 1 });
    await engine.submit([mail('m1')]);
    rmSync(world.database);
    await expect(engine.submit([mail('m2')])).rejects.toMatchObject({ code: 'database_unavailable' });
    expect((await engine.ready()).ready).toBe(false);
  });

  test('that has another in its place is known for that', async () => {
    using dir = tempDir();
    const path = dir.file('mail.db');
    await (await openDatabase(`${path}.other`))[Symbol.asyncDispose]();
    await using world = await openWorld({ database: path });
    const { engine } = world;
    await expect.poll(async () => /^gmp_database_free_bytes [1-9]/m.test((await engine.metricsText()).body)).toBe(true);
    renameSync(`${path}.other`, path);
    await expect
      .poll(async () => (await engine.ready()).reasons, KNOWN)
      .toEqual(['the file of the database was removed or replaced']);
    expect(await reasonsIn(engine)).toEqual(['file_gone']);
  });

  test('whose disk has less room than is to stay free sends what it has, and takes no more', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld({ limits: { minFreeMb: 1e9 }, start: false });
    const { engine } = world;
    await addAccount(world, sink);
    await engine.submit([mail('m1')]);
    await engine.start();
    await historyUntil(world, 'm1', 'sent');
    await expect.poll(async () => (await engine.ready()).reasons, KNOWN).toEqual(['the disk is full']);
    await expect(engine.submit([mail('m2')])).rejects.toMatchObject({ code: 'storage_full' });
    expect(await reasonsIn(engine)).toEqual(['disk_full']);
    // An answer that brings mail confirms nothing meanwhile; one without confirms as ever.
    await using receiver = await startReportReceiver({
      answer: (_, n) => ({ json: { ok: true, messages: n <= 2 ? [mail('m3')] : [] } }),
    });
    await engine.execute('tenants.update', { tenant_id: 'default', client_base_url: receiver.url });
    await receiver.waitForRequests(3);
    const [first, ...again] = receiver.requests.map(({ reports }) => reports.map((report) => report['event_id']));
    expect(first).not.toEqual([]);
    expect(again.slice(0, 2)).toEqual([first, first]);
    expect(await engine.execute('messages.list', {})).toMatchObject({ items: [{ id: 'm1' }] });
    await expect
      .poll(async () => await engine.execute('tenants.report-calls', { tenant_id: 'default' }))
      .toMatchObject({ items: [{ events: first?.length }] });
  });
});
