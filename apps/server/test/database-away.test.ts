// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase, eventually, startTcpProxy } from '@mail-proxy/testkit';
import { expect, inject, test } from 'vitest';
import { serveApp } from './served-app.case.ts';

const MAIL = { id: 'm1', from: 'us@example.com', to: ['ann@example.org'], subject: 'Hi', text: 'Hi.' };

test.skipIf(inject('pgSkip') !== '').each(['cut', 'swallow'] as const)(
  'while its connections to the database are in mode %s the server lives, is not ready, and accepts nothing',
  async (mode) => {
    await using made = await createDatabase(inject('pgUrl') ?? '');
    await using proxy = await startTcpProxy(Number(new URL(made.url).port));
    await using app = await serveApp(
      {},
      {
        database: proxy.inPlaceOf(made.url),
        encryptionKey: Buffer.alloc(32, 7).toString('base64'),
        postgres: { connectMs: 500, statementMs: 500 },
      },
    );
    await app.engine.start();
    await app.engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' });
    await expect.poll(() => app.call('GET', '/readyz')).toMatchObject({ status: 200 });

    proxy.mode = mode;
    const refused = await app.call('POST', '/v1/messages', { json: MAIL });
    expect(refused).toMatchObject({ status: 503, json: { code: 'database_unavailable' } });
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await app.call('GET', '/readyz')).toMatchObject({
      status: 503,
      json: { reasons: expect.arrayContaining(['the database does not answer']) },
    });
    expect(await app.call('GET', '/livez')).toMatchObject({ status: 200 });
    // What is not read from the database is shown all the same, and of the rest there is no old figure.
    const metrics = await app.call('GET', '/metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.text).toContain('gmp_not_ready{reason="database"} 1');
    expect(metrics.text).not.toMatch(/^gmp_pending_messages \d/m);

    proxy.mode = 'pass';
    await eventually(async () => (await app.call('GET', '/readyz')).status === 200);
    expect(await app.call('POST', '/v1/messages', { json: MAIL })).toMatchObject({ status: 202 });
    expect((await app.call('GET', '/metrics')).text).toMatch(/^gmp_pending_messages \d/m);
  },
);
