// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine } from '@mail-proxy/core';
import { createDatabase, eventually, startTcpProxy } from '@mail-proxy/testkit';
import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { PostgresPeerChannel } from '../../src/database/postgres/postgres-peer-channel.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { query, serverUrl } from './proxied-store.case.ts';

const encryptionKey = Buffer.alloc(32, 7).toString('base64');

describe.skipIf(inject('pgSkip') !== '')('a connection on which nothing comes any more', () => {
  test('does not keep the engine from saying that it is not ready', async () => {
    await using made = await createDatabase(serverUrl(), inject('pgMigrated'));
    await using proxy = await startTcpProxy(Number(new URL(made.url).port));
    // Longer than this test may take.
    const postgres = { connectMs: 600_000, statementMs: 600_000 };
    const config = { database: proxy.inPlaceOf(made.url), encryptionKey, postgres };
    await using engine = await createMailEngine({ config });
    await engine.start();
    proxy.mode = 'swallow';
    expect(await engine.ready()).toMatchObject({ reasons: ['the database does not answer'] });
    proxy.mode = 'cut';
  });

  test('is noticed by who listens on it, though what it calls out to itself is sent on another', async () => {
    await using made = await createDatabase(serverUrl());
    await using proxy = await startTcpProxy(Number(new URL(made.url).port));
    const pool = new pg.Pool({ connectionString: proxy.inPlaceOf(made.url) });
    pool.on('error', () => undefined);
    const clock = new VirtualClock();
    const sent: string[] = [];
    const channel = new PostgresPeerChannel({
      name: 'peers',
      pool,
      async run(command) {
        await query(made.url, command);
        sent.push(command);
      },
    });
    const told: string[] = [];
    const ended = new AbortController();
    const listening = channel.listen(
      {
        onText: (text) => told.push(text),
        onConnected: () => told.push('connected'),
        onDisconnected: () => told.push('disconnected'),
      },
      { clock, signal: ended.signal },
    );
    await eventually(() => told.length === 1);
    proxy.mode = 'swallow';
    await clock.advance(10_000);
    await eventually(() => sent.length === 2);
    await clock.advance(5_000);
    await eventually(() => told.length === 2);
    expect(told).toEqual(['connected', 'disconnected']);
    proxy.mode = 'pass';
    // It is tried again after a tenth of a second at first.
    await clock.advance(100);
    await eventually(() => told.length === 3);
    expect(told.at(-1)).toBe('connected');
    ended.abort();
    await listening;
    await pool.end();
  });
});
