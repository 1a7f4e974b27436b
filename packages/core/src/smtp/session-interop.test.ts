// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startSmtpSink } from '@mail-proxy/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { createSmtpPool } from './pool.ts';
import { aTransaction, openTestSession, relayAt } from './scripted-peer.case.ts';
import { TEST_ONLY_CERTIFICATE, TEST_ONLY_KEY } from './test-certificates.case.ts';

const TLS = { key: TEST_ONLY_KEY, cert: TEST_ONLY_CERTIFICATE };
const AUTH = { user: 'me', method: 'auto', password: 'pässwörd' } as const;

describe.each(['starttls', 'implicit'] as const)('a real SMTP server under TLS (%s)', (mode) => {
  test('takes AUTH and several messages over one connection', async () => {
    await using sink = await startSmtpSink({ users: { [AUTH.user]: AUTH.password }, tls: { ...TLS, mode } });
    using session = await openTestSession(relayAt(sink.port, { tls: mode, auth: AUTH }));
    for (const subject of ['one', 'two', 'three']) {
      const body = Buffer.from(`Subject: ${subject}\r\n\r\n.dots\r\n..more\r\n.\r\n`);
      expect(await session.send(aTransaction({ body }))).toMatchObject([{ status: 'accepted' }]);
    }
    await session.quit();
    expect(sink.connections.total).toBe(1);
    expect(sink.messages).toMatchObject(['one', 'two', 'three'].map(() => ({ user: 'me', secure: true })));
    expect(sink.messages[0]?.raw.toString()).toBe('Subject: one\r\n\r\n.dots\r\n..more\r\n.\r\n');
  });

  test('refuses a wrong password', async () => {
    await using sink = await startSmtpSink({ users: { [AUTH.user]: 'other' }, tls: { ...TLS, mode } });
    await expect(openTestSession(relayAt(sink.port, { tls: mode, auth: AUTH }))).rejects.toMatchObject({
      fault: { stage: 'auth' },
      reply: { code: 535 },
    });
  });
});

describe.each([false, true])('a real SMTP server, PIPELINING hidden: %s', (isHidden) => {
  const hide = isHidden ? (['PIPELINING'] as const) : [];

  test('gets every body byte for byte', async () => {
    await using sink = await startSmtpSink({ hide });
    using session = await openTestSession(relayAt(sink.port));
    const line = fc.string({ unit: fc.constantFrom('.', 'a', ' ', 'ü'), maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 20 }), async (lines) => {
        const body = Buffer.from(['Subject: x', '', ...lines, ''].join('\r\n'));
        expect(await session.send(aTransaction({ body, smtpUtf8: true }))).toMatchObject([{ status: 'accepted' }]);
        expect(sink.messages.at(-1)?.raw.equals(body)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('judges each recipient', async () => {
    await using sink = await startSmtpSink({
      hide,
      onRcpt: (address) => (address.startsWith('no') ? { code: 550, text: '5.1.1 no such user' } : null),
    });
    using session = await openTestSession(relayAt(sink.port));
    const to = ['yes@rcpt.test', 'no@rcpt.test', 'yes2@rcpt.test'];
    const wanted = [{ status: 'accepted' }, { status: 'refused', stage: 'rcpt' }, { status: 'accepted' }];
    expect(await session.send(aTransaction({ to }))).toMatchObject(wanted);
    expect(await session.send(aTransaction({ to: ['no@rcpt.test'] }))).toMatchObject([{ stage: 'rcpt' }]);
    expect(await session.send(aTransaction({ to }))).toMatchObject(wanted);
    expect(sink.messages.map((message) => message.to)).toEqual(Array(2).fill(['yes@rcpt.test', 'yes2@rcpt.test']));
  });
});

test('a pool sends many messages at once over few connections, each message once', async () => {
  await using sink = await startSmtpSink();
  await using pool = createSmtpPool({ clock: systemClock });
  const limits = { maxConnections: 4, maxTransactionsPerConnection: 20, maxAgeMs: 60_000, idleMs: 60_000 };
  const subjects = Array.from({ length: 200 }, (_, index) => `number ${index}`);
  await Promise.all(
    subjects.map(async (subject) => {
      using pooled = await pool.acquire('key', relayAt(sink.port), limits);
      const body = Buffer.from(`Subject: ${subject}\r\n\r\n`);
      expect(await pooled.session.send(aTransaction({ body }))).toMatchObject([{ status: 'accepted' }]);
    }),
  );
  expect(sink.messages.map(({ raw }) => raw.toString().slice(9).trim()).sort()).toEqual(subjects.sort());
  expect(sink.connections.total).toBeGreaterThanOrEqual(10);
});
