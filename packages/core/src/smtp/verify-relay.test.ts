// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { GENEROUS_TIMEOUTS, relayAt, type ServeOptions, serve, startPeer } from './scripted-peer.case.ts';
import type { SmtpRelay } from './session.types.ts';
import { standingClock } from './standing-clock.case.ts';
import { type RelayVerification, verifyRelay } from './verify-relay.ts';

const AUTH = { user: 'me', method: 'auto', password: 'hunter22' } as const;

/** The result, and the commands that the relay saw. */
async function verify(options: ServeOptions, overrides: Partial<SmtpRelay> = {}) {
  await using peer = await startPeer((connection) => serve(connection, options));
  const result = await verifyRelay(relayAt(peer.port, overrides), { clock: systemClock });
  return { result, commands: peer.connections[0]?.commands ?? [] };
}

function said({ transcript }: RelayVerification): readonly string[] {
  return transcript.map((line) => line.replace(/^\+\d+ms /, ''));
}

test('a relay that takes the settings tells what it can do', async () => {
  const extensions = ['PIPELINING', 'SIZE 1000', '8BITMIME', 'STARTTLS', 'AUTH PLAIN LOGIN'];
  const { result, commands } = await verify({ extensions }, { tls: 'starttls', auth: AUTH });
  expect(result).toMatchObject({
    ok: true,
    capabilities: {
      tls: { version: 'TLSv1.3', cipher: expect.stringMatching(/^TLS_/) },
      certificate: { subject: 'relay.test', issuer: 'Mail Proxy test-only CA' },
      size: 1_000,
      pipelining: true,
      eightBitMime: true,
      smtpUtf8: false,
      authMechanisms: ['PLAIN', 'LOGIN'],
    },
    durationMs: expect.any(Number),
  });
  expect(commands.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'STARTTLS', 'EHLO', 'AUTH', 'NOOP', 'QUIT']);
  expect(said(result)).toContain('C: AUTH PLAIN [redacted]');
  expect(said(result).slice(-4)).toEqual(['C: NOOP', 'S: 500 5.5.1 unknown', 'C: QUIT', 'S: 221 2.0.0 bye']);
  expect(JSON.stringify(result)).not.toContain(AUTH.password);
});

test('in clear there is no TLS to tell of', async () => {
  expect((await verify({ extensions: [] })).result).toMatchObject({
    ok: true,
    capabilities: { tls: null, certificate: null, size: null, authMechanisms: [] },
  });
});

describe('a relay that does not', () => {
  test('refuses the password: by its reply', async () => {
    const { result } = await verify({ answers: { AUTH: () => '535 5.7.8 wrong' } }, { auth: AUTH });
    expect(result).toMatchObject({
      ok: false,
      ...{ stage: 'auth', code: 535, enhanced: '5.7.8', reply: 'wrong', kind: 'refused' },
    });
    expect(said(result).at(-2)).toBe('S: 535 5.7.8 wrong');
  });

  test('has a certificate of a stranger: by what failed', async () => {
    const { ca: _, ...relay } = relayAt(0);
    await using peer = await startPeer((connection) => serve(connection, { extensions: ['STARTTLS'] }));
    const settings: SmtpRelay = { ...relay, port: peer.port, tls: 'starttls' };
    const result = await verifyRelay(settings, { clock: systemClock });
    expect(result).toMatchObject({ ok: false, stage: 'starttls', code: null, enhanced: null, kind: 'tls' });
    expect(result).toMatchObject({ reply: expect.stringMatching(/certificate/i) });
  });

  test('hangs up once all seems well', async () => {
    for (const noop of ['close', '421 4.7.0 too many']) {
      const { result } = await verify({ answers: { NOOP: () => noop } });
      expect(result).toMatchObject({ ok: false, stage: 'rset', kind: noop === 'close' ? 'closed' : 'refused' });
    }
  });

  test('says nothing is not waited for longer than 30 s, whatever the timeouts of mail', async () => {
    const { clock, advance } = standingClock();
    const arrived = Promise.withResolvers<void>();
    await using peer = await startPeer(async (connection) => {
      connection.say('220 hi');
      await connection.line();
      arrived.resolve();
    });
    const timeouts = { ...GENEROUS_TIMEOUTS, commandMs: 300_000 };
    const verifying = verifyRelay(relayAt(peer.port, { timeouts }), { clock });
    await arrived.promise;
    advance(30_000);
    expect(await verifying).toMatchObject({ ok: false, kind: 'timeout', stage: 'ehlo', durationMs: 30_000 });
  });
});

describe('among the connections that an account may have', () => {
  test('a place is held until the connection is closed', async () => {
    const order: string[] = [];
    const answers = {
      QUIT() {
        order.push('QUIT');
        return '221 bye';
      },
    };
    await using peer = await startPeer((connection) => serve(connection, { answers }));
    const reserve = async () => {
      order.push('reserved');
      return { signal: new AbortController().signal, [Symbol.dispose]: () => void order.push('given back') };
    };
    expect(await verifyRelay(relayAt(peer.port), { clock: systemClock, reserve })).toMatchObject({ ok: true });
    expect(order).toEqual(['reserved', 'QUIT', 'given back']);
  });

  test('none within 30 s is told as such, and nothing was connected', async () => {
    const { clock, advance } = standingClock();
    await using peer = await startPeer((connection) => serve(connection));
    const reserve = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));
    const verifying = verifyRelay(relayAt(peer.port), { clock, reserve });
    advance(30_000);
    expect(await verifying).toMatchObject({
      ok: false,
      ...{
        kind: 'timeout',
        stage: 'connect',
        reply: expect.stringContaining('no connection was free'),
        durationMs: 30_000,
      },
    });
    expect(peer.connections).toEqual([]);
  });

  test('it is given up when the place must be given back', async () => {
    const closed = new AbortController();
    let isHeld = true;
    const answers = {
      EHLO() {
        closed.abort();
        return '';
      },
    };
    await using peer = await startPeer((connection) => serve(connection, { answers }));
    const reserve = async () => ({
      signal: closed.signal,
      [Symbol.dispose]() {
        isHeld = false;
      },
    });
    const result = await verifyRelay(relayAt(peer.port), { clock: systemClock, reserve });
    expect(result).toMatchObject({ ok: false, kind: 'aborted' });
    expect(isHeld).toBe(false);
  });
});

test.each(['EHLO', 'NOOP'])('it can be given up (at %s)', async (verb) => {
  const giveUp = new AbortController();
  const answers = {
    [verb]: () => {
      giveUp.abort();
      return '';
    },
  };
  await using peer = await startPeer((connection) => serve(connection, { answers }));
  const result = await verifyRelay(relayAt(peer.port), { clock: systemClock, signal: giveUp.signal });
  expect(result).toMatchObject({ ok: false, kind: 'aborted' });
  await peer.connections[0]?.gone();
});
