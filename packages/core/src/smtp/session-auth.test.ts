// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { classifyConnectError } from './classify.ts';
import { cramMd5Response } from './cram-md5.ts';
import { openTestSession, type PeerConnection, relayAt, serve, startPeer } from './scripted-peer.case.ts';
import { openSession } from './session.ts';
import { type AuthMethod, type SmtpAuth, SmtpConnectError, type SmtpRelay, type TokenSource } from './session.types.ts';

const USER = 'me@sender.test';
const PASSWORD = 'correct horse';

function passwordAuth(method: AuthMethod = 'auto'): SmtpAuth {
  return { user: USER, method, password: PASSWORD };
}

function xoauth2(token: string): string {
  return Buffer.from(`user=${USER}\x01auth=Bearer ${token}\x01\x01`).toString('base64');
}

/** The AUTH command (without what goes with it) that a relay of these mechanisms sees first. */
async function mechanismUsed(mechanisms: string, overrides: Partial<SmtpRelay>): Promise<string | undefined> {
  let seen: string | undefined;
  const answers = {
    AUTH: (line: string) => {
      seen ??= line.split(' ')[1];
      return '535 5.7.8 no';
    },
  };
  const extensions = [`AUTH ${mechanisms}`, ...(overrides.tls === 'starttls' ? ['STARTTLS'] : [])];
  await using peer = await startPeer((connection) => serve(connection, { extensions, answers }));
  await openingFails(relayAt(peer.port, overrides));
  return seen;
}

async function openingFails(relay: SmtpRelay): Promise<SmtpConnectError> {
  const error: unknown = await openSession(relay, { clock: systemClock }).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SmtpConnectError))
    throw new Error('the session opened, or failed otherwise', { cause: error });
  return error;
}

describe('auto takes the best that is offered for a password', () => {
  test.each([
    ['XOAUTH2 CRAM-MD5 LOGIN PLAIN', 'PLAIN'],
    ['CRAM-MD5 LOGIN', 'LOGIN'],
    ['GSSAPI CRAM-MD5', 'CRAM-MD5'],
  ])('under TLS, of %s: %s', async (offered, wanted) => {
    expect(await mechanismUsed(offered, { tls: 'starttls', auth: passwordAuth() })).toBe(wanted);
  });

  test.each([
    ['PLAIN LOGIN CRAM-MD5', 'CRAM-MD5'],
    ['LOGIN PLAIN', 'PLAIN'],
  ])('in clear, of %s: %s', async (offered, wanted) => {
    expect(await mechanismUsed(offered, { auth: passwordAuth() })).toBe(wanted);
  });

  test('NUL in the password rules out PLAIN', async () => {
    expect(await mechanismUsed('PLAIN LOGIN', { auth: { user: USER, method: 'auto', password: 'a\0b' } })).toBe(
      'LOGIN',
    );
  });
});

test.each([
  ['plain', 'PLAIN'],
  ['login', 'LOGIN'],
  ['cram-md5', 'CRAM-MD5'],
] as const)('%s is used where it is set, and nothing else', async (method, mechanism) => {
  expect(await mechanismUsed('PLAIN LOGIN CRAM-MD5 XOAUTH2', { auth: passwordAuth(method) })).toBe(mechanism);
  const others = ['PLAIN', 'LOGIN', 'CRAM-MD5'].filter((each) => each !== mechanism).join(' ');
  await using peer = await startPeer((connection) => serve(connection, { extensions: [`AUTH ${others}`] }));
  const error = await openingFails(relayAt(peer.port, { auth: passwordAuth(method) }));
  expect(error.fault).toMatchObject({ kind: 'unsupported', stage: 'auth' });
  expect(error.fault.text).toContain(mechanism);
});

test('CRAM-MD5 answers the challenge', async () => {
  const challenge = Buffer.from('<1.2@relay.test>').toString('base64');
  await using peer = await startPeer(async (connection) => {
    connection.say('220 hi');
    await connection.line();
    connection.say('250-relay', '250 AUTH CRAM-MD5');
    expect(await connection.line()).toBe('AUTH CRAM-MD5');
    connection.say(`334 ${challenge}`);
    expect(await connection.line()).toBe(cramMd5Response(USER, PASSWORD, challenge));
    connection.say('235 ok');
  });
  using session = await openTestSession(relayAt(peer.port, { auth: passwordAuth() }));
  expect(session.usable).toBe(true);
});

test('CRAM-MD5 answers the challenge though the password is a letter of it', async () => {
  const challenge = Buffer.from('<1.2@relay.test>').toString('base64');
  await using peer = await startPeer(async (connection) => {
    connection.say('220 hi');
    await connection.line();
    connection.say('250-relay', '250 AUTH CRAM-MD5');
    await connection.line();
    connection.say(`334 ${challenge}`);
    expect(await connection.line()).toBe(cramMd5Response(USER, challenge.slice(0, 1), challenge));
    connection.say('235 ok');
  });
  const auth: SmtpAuth = { user: USER, method: 'auto', password: challenge.slice(0, 1) };
  using session = await openTestSession(relayAt(peer.port, { auth }));
  expect(session.usable).toBe(true);
});

describe('XOAUTH2', () => {
  /** A relay that takes one token only, in the manner of Google. */
  async function startGoogle(good: string) {
    const tried: string[] = [];
    const answer = async (line: string, connection: PeerConnection): Promise<string> => {
      const response = line.split(' ')[2] ?? '';
      tried.push(response);
      if (response === xoauth2(good)) return '235 2.7.0 Accepted';
      connection.say(`334 ${Buffer.from('{"status":"400","schemes":"Bearer"}').toString('base64')}`);
      expect(await connection.line()).toBe('');
      return `535 5.7.8 Username and Password not accepted ${response}`;
    };
    const peer = await startPeer((connection) =>
      serve(connection, { extensions: ['AUTH PLAIN XOAUTH2'], answers: { AUTH: answer } }),
    );
    return Object.assign(peer, { tried });
  }

  function tokenAuth(token: TokenSource, method: AuthMethod = 'xoauth2'): SmtpAuth {
    return { user: USER, method, token };
  }

  test.each(['xoauth2', 'auto'] as const)('sends the token (%s)', async (method) => {
    await using peer = await startGoogle('good');
    using session = await openTestSession(
      relayAt(peer.port, { auth: tokenAuth(() => Promise.resolve('good'), method) }),
    );
    expect(session.usable).toBe(true);
    expect(peer.tried).toEqual([xoauth2('good')]);
  });

  test('an error in a challenge is answered with an empty line, and the reply counts', async () => {
    await using peer = await startGoogle('good');
    const error = await openingFails(relayAt(peer.port, { auth: tokenAuth(() => Promise.resolve('s3cret-token')) }));
    expect(error.reply).toMatchObject({ code: 535, enhanced: '5.7.8' });
    expect(classifyConnectError(error).verdict).toBe('account');
    expect(peer.tried).toHaveLength(1);
    const shown = JSON.stringify([error, error.message, error.stack]);
    for (const secret of ['s3cret-token', xoauth2('s3cret-token')]) expect(shown).not.toContain(secret);
  });

  test('a kept token that is refused is renewed once, on the same connection', async () => {
    await using peer = await startGoogle('good');
    const asked: (string | undefined)[] = [];
    const source: TokenSource = (refused) => {
      asked.push(refused);
      return Promise.resolve(refused === 'stale' ? 'good' : 'stale');
    };
    using session = await openTestSession(relayAt(peer.port, { auth: tokenAuth(source) }));
    expect(session.usable).toBe(true);
    expect(asked).toEqual([undefined, 'stale']);
    expect(peer.tried).toEqual([xoauth2('stale'), xoauth2('good')]);
    expect(peer.connections).toHaveLength(1);
    expect(session.transcript.join()).not.toContain(xoauth2('stale'));
  });

  test('a renewed token that is refused as well ends it', async () => {
    await using peer = await startGoogle('good');
    const source: TokenSource = (refused) => Promise.resolve(`${refused ?? ''}x`);
    expect((await openingFails(relayAt(peer.port, { auth: tokenAuth(source) }))).reply?.code).toBe(535);
    expect(peer.tried).toEqual([xoauth2('x'), xoauth2('xx')]);
  });

  test('without a token nothing is opened', async () => {
    await using peer = await startGoogle('good');
    const noSource = await openingFails(relayAt(peer.port, { auth: { user: USER, method: 'xoauth2' } }));
    expect(noSource.fault).toMatchObject({ kind: 'unsupported', stage: 'auth' });
    const fault = { kind: 'timeout', stage: 'auth', text: 'the token endpoint: no answer' } as const;
    const failing: TokenSource = () => Promise.reject(new SmtpConnectError(fault));
    const error = await openingFails(relayAt(peer.port, { auth: tokenAuth(failing) }));
    expect(error).toMatchObject({ fault, transcript: [expect.stringContaining('no answer')] });
    expect(peer.connections).toHaveLength(0);
  });

  test('giving up does not wait for the token', async () => {
    const giveUp = new AbortController();
    const asked = Promise.withResolvers<void>();
    const endless: TokenSource = () => {
      asked.resolve();
      return new Promise(() => undefined);
    };
    const relay = relayAt(1, { auth: tokenAuth(endless) });
    const opening = openSession(relay, { clock: systemClock, signal: giveUp.signal });
    await asked.promise;
    giveUp.abort();
    await expect(opening).rejects.toMatchObject({ fault: { kind: 'aborted' } });
  });
});
