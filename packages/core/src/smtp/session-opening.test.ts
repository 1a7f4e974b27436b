// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { classifyConnectError } from './classify.ts';
import {
  type Answers,
  aTransaction,
  GENEROUS_TIMEOUTS,
  openTestSession,
  relayAt,
  type ScriptedPeer,
  type ServeOptions,
  serve,
  startPeer,
} from './scripted-peer.case.ts';
import { openSession } from './session.ts';
import { SmtpConnectError, type SmtpRelay } from './session.types.ts';
import { TEST_ONLY_EXPIRED_CERTIFICATE } from './test-certificates.case.ts';

const AUTH = { user: 'me@sender.test', method: 'auto', password: 'correct horse; battery' } as const;
const SECRETS = [AUTH.password, Buffer.from(AUTH.password), Buffer.from(`\0${AUTH.user}\0${AUTH.password}`)].map(
  (secret) => (typeof secret === 'string' ? secret : secret.toString('base64')),
);
const TLS_EXTENSIONS = ['PIPELINING', 'STARTTLS', 'AUTH PLAIN LOGIN'];

async function openingFails(relay: SmtpRelay): Promise<SmtpConnectError> {
  const opening = openSession(relay, { clock: systemClock });
  const error = await opening.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SmtpConnectError))
    throw new Error('the session opened, or failed otherwise', { cause: error });
  return error;
}

/** Opens, sends a message, says QUIT; answers the commands that the relay saw. */
async function opensAndSends(options: ServeOptions, overrides: Partial<SmtpRelay> = {}): Promise<readonly string[]> {
  await using peer = await startPeer((connection) => serve(connection, options));
  using session = await openTestSession(relayAt(peer.port, overrides));
  expect(await session.send(aTransaction())).toMatchObject([{ status: 'accepted' }]);
  await session.quit();
  return commandsOf(peer);
}

function commandsOf(peer: ScriptedPeer): readonly string[] {
  return peer.connections[0]?.commands ?? [];
}

function expectNoSecret(error: SmtpConnectError): void {
  const shown = JSON.stringify([error, error.message, error.stack, error.fault, error.reply]);
  for (const secret of SECRETS) expect(shown.toLowerCase()).not.toContain(secret.toLowerCase());
}

describe('greeting', () => {
  test('a banner of several lines, split byte by byte, works', async () => {
    await using peer = await startPeer(async (connection) => {
      await connection.saySlowly('220-relay.test\r\n220 ready\r\n');
      await connection.line();
      connection.say('250 relay.test');
    });
    using session = await openTestSession(relayAt(peer.port));
    expect(session.usable).toBe(true);
    expect(session.transactions).toBe(0);
  });

  test('421 in the banner is the path, for now', async () => {
    await using peer = await startPeer((connection) =>
      serve(connection, { answers: { CONNECT: () => '421 4.3.2 busy' } }),
    );
    const error = await openingFails(relayAt(peer.port));
    expect(error).toMatchObject({
      fault: { kind: 'refused', stage: 'greeting' },
      reply: { code: 421, enhanced: '4.3.2' },
    });
    expect(classifyConnectError(error)).toEqual({ permanence: 'temporary', verdict: 'path' });
  });

  test('554 in the banner is the path, for now: no recipient is to blame', async () => {
    await using peer = await startPeer((connection) =>
      serve(connection, { answers: { CONNECT: () => '554 5.7.1 go away' } }),
    );
    const error = await openingFails(relayAt(peer.port));
    expect(error).toMatchObject({ fault: { stage: 'greeting' }, reply: { code: 554 } });
    expect(classifyConnectError(error)).toEqual({ permanence: 'temporary', verdict: 'path' });
    await peer.connections[0]?.gone();
  });

  test('no banner at all ends with the greeting timeout', async () => {
    await using peer = await startPeer(() => undefined);
    const error = await openingFails(relayAt(peer.port, { timeouts: { ...GENEROUS_TIMEOUTS, greetingMs: 50 } }));
    expect(error).toMatchObject({ fault: { kind: 'timeout', stage: 'greeting' }, reply: null });
    await peer.connections[0]?.gone();
  });

  test('a banner that is no SMTP is a protocol fault', async () => {
    await using peer = await startPeer((connection) => connection.say('SSH-2.0-OpenSSH_9.9'));
    expect((await openingFails(relayAt(peer.port))).fault).toMatchObject({ kind: 'protocol', stage: 'greeting' });
  });

  test('1 MB of binary garbage is a protocol fault', async () => {
    await using peer = await startPeer((connection) => connection.sayRaw(Buffer.alloc(1_048_576, 0x80)));
    expect((await openingFails(relayAt(peer.port))).fault).toMatchObject({ kind: 'protocol', stage: 'greeting' });
  });

  test('a close before the banner is a closed connection', async () => {
    await using peer = await startPeer((connection) => connection.close());
    expect((await openingFails(relayAt(peer.port))).fault).toMatchObject({ kind: 'closed', stage: 'greeting' });
  });

  test('a reset before the banner is a reset', async () => {
    await using peer = await startPeer((connection) => connection.reset());
    expect((await openingFails(relayAt(peer.port))).fault.kind).toBe('reset');
  });

  test('replies to commands that were not given yet are a protocol fault', async () => {
    await using peer = await startPeer((connection) =>
      connection.say('220 hi', '250 relay.test', '250 ok', '250 ok', '354 go', '250 ok'),
    );
    expect((await openingFails(relayAt(peer.port))).fault.kind).toBe('protocol');
  });
});

describe('connecting', () => {
  test('a port where nobody listens is refused', async () => {
    const peer = await startPeer(() => undefined);
    await peer[Symbol.asyncDispose]();
    const error = await openingFails(relayAt(peer.port));
    expect(error.fault).toMatchObject({ kind: 'refused', stage: 'connect' });
    expect(error.fault.text).toContain('ECONNREFUSED');
  });

  test('a host that does not exist is a DNS fault', async () => {
    expect((await openingFails(relayAt(1, { host: 'relay.invalid' }))).fault).toMatchObject({
      kind: 'dns',
      stage: 'connect',
    });
  });

  test('giving up while the relay is silent is aborted, and closes the connection', async () => {
    const giveUp = new AbortController();
    await using peer = await startPeer(() => giveUp.abort());
    const opening = openSession(relayAt(peer.port), { clock: systemClock, signal: giveUp.signal });
    await expect(opening).rejects.toMatchObject({ fault: { kind: 'aborted' } });
    await peer.connections[0]?.gone();
  });

  test('giving up before the start connects nowhere', async () => {
    const opening = openSession(relayAt(1), { clock: systemClock, signal: AbortSignal.abort() });
    await expect(opening).rejects.toMatchObject({ fault: { kind: 'aborted', stage: 'connect' } });
  });

  test('a name for EHLO that would break the command is a bug of the caller', async () => {
    for (const ehloName of ['', 'a b', 'a\r\nQUIT', 'ä']) {
      await expect(openSession(relayAt(1, { ehloName }), { clock: systemClock })).rejects.toThrow(TypeError);
    }
  });
});

describe('EHLO', () => {
  test('500 falls back to HELO', async () => {
    const commands = await opensAndSends({ answers: { EHLO: () => '500 5.5.1 what' } });
    expect(commands.slice(0, 3)).toEqual(['EHLO proxy.test', 'HELO proxy.test', 'MAIL FROM:<from@sender.test>']);
  });

  test('500 where AUTH is needed is refused, without HELO', async () => {
    await using peer = await startPeer((connection) => serve(connection, { answers: { EHLO: () => '502 what' } }));
    expect((await openingFails(relayAt(peer.port, { auth: AUTH }))).fault).toMatchObject({
      kind: 'unsupported',
      stage: 'auth',
    });
    expect(commandsOf(peer)).toEqual(['EHLO proxy.test']);
  });

  test('500 where STARTTLS is required is refused, without HELO', async () => {
    await using peer = await startPeer((connection) => serve(connection, { answers: { EHLO: () => '500 what' } }));
    const error = await openingFails(relayAt(peer.port, { auth: AUTH, tls: 'starttls' }));
    expect(error.fault).toMatchObject({ kind: 'unsupported', stage: 'starttls' });
    expect(commandsOf(peer)).toEqual(['EHLO proxy.test']);
  });

  test('550 is a refusal, not a relay that lacks EHLO', async () => {
    await using peer = await startPeer((connection) =>
      serve(connection, { answers: { EHLO: () => '550 5.7.1 your name' } }),
    );
    const error = await openingFails(relayAt(peer.port));
    expect(error).toMatchObject({ fault: { stage: 'ehlo' }, reply: { code: 550 } });
    expect(classifyConnectError(error)).toEqual({ permanence: 'temporary', verdict: 'path' });
    expect(commandsOf(peer)).toEqual(['EHLO proxy.test']);
  });

  test('no answer ends with the command timeout', async () => {
    await using peer = await startPeer((connection) => serve(connection, { answers: { EHLO: () => '' } }));
    const error = await openingFails(relayAt(peer.port, { timeouts: { ...GENEROUS_TIMEOUTS, commandMs: 50 } }));
    expect(error.fault).toMatchObject({ kind: 'timeout', stage: 'ehlo' });
  });
});

describe('STARTTLS', () => {
  const serveTls: ServeOptions = { extensions: TLS_EXTENSIONS };

  test('protects the connection, says EHLO again, and only then authenticates', async () => {
    const commands = await opensAndSends(serveTls, { tls: 'starttls', auth: AUTH });
    expect(commands.slice(0, 4)).toEqual([
      'EHLO proxy.test',
      'STARTTLS',
      'EHLO proxy.test',
      `AUTH PLAIN ${SECRETS[2]}`,
    ]);
  });

  test('is used where it is offered and optional', async () => {
    expect(await opensAndSends(serveTls, { tls: 'opportunistic' })).toContain('STARTTLS');
  });

  test('is left out where it is optional and not offered', async () => {
    expect(await opensAndSends({ extensions: ['PIPELINING'] }, { tls: 'opportunistic' })).not.toContain('STARTTLS');
  });

  test('is left out where it is offered and switched off', async () => {
    expect(await opensAndSends(serveTls, { tls: 'none' })).not.toContain('STARTTLS');
  });

  test('required and not offered is refused, and no credential is sent', async () => {
    await using peer = await startPeer((connection) => serve(connection, { extensions: ['AUTH PLAIN LOGIN'] }));
    const error = await openingFails(relayAt(peer.port, { tls: 'starttls', auth: AUTH }));
    expect(error).toMatchObject({ fault: { kind: 'unsupported', stage: 'starttls' }, reply: null });
    expect(classifyConnectError(error)).toEqual({ permanence: 'temporary', verdict: 'account' });
    await peer.connections[0]?.gone();
    expect(commandsOf(peer)).toEqual(['EHLO proxy.test']);
    expect(peer.connections[0]?.hasUnread).toBe(false);
  });

  test.each(['opportunistic', 'starttls'] as const)('offered and then refused goes no further (%s)', async (tls) => {
    const answers = { STARTTLS: () => '454 4.7.0 not now' };
    await using peer = await startPeer((connection) => serve(connection, { extensions: TLS_EXTENSIONS, answers }));
    const error = await openingFails(relayAt(peer.port, { tls, auth: AUTH }));
    expect(error).toMatchObject({ fault: { stage: 'starttls' }, reply: { code: 454 } });
    expect(commandsOf(peer)).toEqual(['EHLO proxy.test', 'STARTTLS']);
  });

  test('replies injected in clear behind the 220 are thrown away', async () => {
    const injected = [
      '250-evil.test',
      '250 AUTH PLAIN',
      '235 2.7.0 welcome',
      '250 ok',
      '250 ok',
      '354 go',
      '250 taken',
    ];
    const answers = { STARTTLS: () => ['220 go', ...injected].join('\r\n') };
    const commands = await opensAndSends(
      { extensions: ['STARTTLS', 'AUTH LOGIN'], answers: { ...answers, AUTH: () => '334 VXNlcm5hbWU6' } },
      { tls: 'starttls' },
    );
    expect(commands.slice(0, 4)).toEqual([
      'EHLO proxy.test',
      'STARTTLS',
      'EHLO proxy.test',
      'MAIL FROM:<from@sender.test>',
    ]);
  });

  test('half a reply injected behind the 220 does not join what comes under TLS', async () => {
    await using peer = await startPeer((connection) =>
      serve(connection, {
        extensions: ['STARTTLS'],
        answers: {
          STARTTLS: (_, { socket }) => {
            socket.write('220 go\r\n250-evil');
            connection.secure();
            return '';
          },
        },
      }),
    );
    using session = await openTestSession(relayAt(peer.port, { tls: 'starttls' }));
    expect(session.usable).toBe(true);
  });

  test('a handshake that never ends is a timeout', async () => {
    const answers: Answers = {
      async STARTTLS(_, connection) {
        connection.say('220 go');
        // A handshake is random bytes, which may hold what reads like a command.
        await connection.gone();
        return '';
      },
    };
    await using peer = await startPeer((connection) => serve(connection, { extensions: TLS_EXTENSIONS, answers }));
    const error = await openingFails(
      relayAt(peer.port, {
        tls: 'starttls',
        timeouts: { ...GENEROUS_TIMEOUTS, connectMs: 200 },
      }),
    );
    expect(error.fault).toMatchObject({ kind: 'timeout', stage: 'starttls' });
    await peer.connections[0]?.gone();
  });
});

describe('certificates', () => {
  const implicit = (certificate?: string) =>
    startPeer((connection) => {
      connection.secure(certificate);
      return serve(connection);
    });

  test('implicit TLS protects from the first byte, also when the greeting comes at once', async () => {
    await using peer = await implicit();
    using session = await openTestSession(relayAt(peer.port, { tls: 'implicit', auth: AUTH }));
    expect(await session.send(aTransaction())).toMatchObject([{ status: 'accepted' }]);
  });

  test('an address is checked against the certificate too', async () => {
    await using peer = await implicit();
    const { servername: _, ...relay } = relayAt(peer.port, { tls: 'implicit' });
    using session = await openTestSession(relay);
    expect(session.usable).toBe(true);
  });

  const broken: readonly (readonly [string, string | undefined, (relay: SmtpRelay) => SmtpRelay])[] = [
    ['signed by nobody we know', undefined, ({ ca: _, ...relay }) => relay],
    ['of another name', undefined, (relay) => ({ ...relay, servername: 'other.test' })],
    ['that has expired', TEST_ONLY_EXPIRED_CERTIFICATE, (relay) => relay],
  ];
  const modes = ['implicit', 'starttls', 'opportunistic'] as const;

  test.each(broken.flatMap((each) => modes.map((tls) => [each[0], tls, each[1], each[2]] as const)))(
    'one %s is refused: the account, and the mail waits (%s)',
    async (_, tls, certificate, change) => {
      await using peer = await startPeer((connection) => {
        if (tls === 'implicit') connection.secure(certificate);
        const startTls = () => {
          connection.say('220 go');
          connection.secure(certificate);
          return '';
        };
        return serve(connection, { extensions: TLS_EXTENSIONS, answers: { STARTTLS: startTls } });
      });
      const error = await openingFails(change(relayAt(peer.port, { tls, auth: AUTH })));
      expect(error.fault).toMatchObject({ kind: 'tls', stage: tls === 'implicit' ? 'connect' : 'starttls' });
      expect(classifyConnectError(error)).toEqual({ permanence: 'temporary', verdict: 'account' });
      await peer.connections[0]?.gone();
      expect(commandsOf(peer).join()).not.toContain('AUTH');
    },
  );

  test('any is taken where the relay is marked insecure', async () => {
    await using peer = await implicit(TEST_ONLY_EXPIRED_CERTIFICATE);
    const { ca: _, ...relay } = relayAt(peer.port, { tls: 'implicit', insecureTls: true });
    using session = await openTestSession(relay);
    expect(session.usable).toBe(true);
  });

  test('a ca that is no PEM is a TLS fault', async () => {
    await using peer = await implicit();
    expect((await openingFails(relayAt(peer.port, { tls: 'implicit', ca: 'nonsense' }))).fault.kind).toBe('tls');
  });

  test('a relay that speaks in clear on a TLS port is a TLS fault', async () => {
    await using peer = await startPeer((connection) => connection.say('220 clear'));
    expect((await openingFails(relayAt(peer.port, { tls: 'implicit' }))).fault).toMatchObject({
      kind: 'tls',
      stage: 'connect',
    });
  });

  test('a relay that never answers on a TLS port is a timeout', async () => {
    await using peer = await startPeer(() => undefined);
    const error = await openingFails(
      relayAt(peer.port, {
        tls: 'implicit',
        timeouts: { ...GENEROUS_TIMEOUTS, connectMs: 200 },
      }),
    );
    expect(error.fault).toMatchObject({ kind: 'timeout', stage: 'connect' });
    await peer.connections[0]?.gone();
  });
});

describe('AUTH', () => {
  test('PLAIN goes in one command', async () => {
    const commands = await opensAndSends({}, { auth: AUTH });
    expect(commands[1]).toBe(`AUTH PLAIN ${SECRETS[2]}`);
  });

  test('PLAIN is sent again to a relay that overlooked it', async () => {
    await using peer = await startPeer(async (connection) => {
      connection.say('220 hi');
      await connection.line();
      connection.say('250-relay', '250 AUTH PLAIN');
      await connection.line();
      connection.say('334 ');
      expect(await connection.line()).toBe(SECRETS[2]);
      connection.say('235 ok');
    });
    using session = await openTestSession(relayAt(peer.port, { auth: AUTH }));
    expect(session.usable).toBe(true);
  });

  test('LOGIN is used where PLAIN is not offered', async () => {
    await using peer = await startPeer(async (connection) => {
      connection.say('220 hi');
      await connection.line();
      connection.say('250-relay', '250 AUTH=LOGIN');
      expect(await connection.line()).toBe('AUTH LOGIN');
      connection.say('334 VXNlcm5hbWU6');
      expect(Buffer.from(await connection.line(), 'base64').toString()).toBe(AUTH.user);
      connection.say('334 UGFzc3dvcmQ6');
      expect(await connection.line()).toBe(SECRETS[1]);
      connection.say('235 ok');
    });
    using session = await openTestSession(relayAt(peer.port, { auth: AUTH }));
    expect(session.usable).toBe(true);
  });

  test('535 is the account, for now', async () => {
    const answers = { AUTH: () => '535 5.7.8 wrong' };
    await using peer = await startPeer((connection) => serve(connection, { answers }));
    const error = await openingFails(relayAt(peer.port, { auth: AUTH }));
    expect(error).toMatchObject({
      fault: { kind: 'refused', stage: 'auth' },
      reply: { code: 535, enhanced: '5.7.8', text: 'wrong' },
    });
    expect(classifyConnectError(error)).toEqual({ permanence: 'temporary', verdict: 'account' });
  });

  test('454 is the account, for now', async () => {
    await using peer = await startPeer((connection) =>
      serve(connection, { answers: { AUTH: () => '454 4.7.0 later' } }),
    );
    const error = await openingFails(relayAt(peer.port, { auth: AUTH }));
    expect(classifyConnectError(error)).toEqual({ permanence: 'temporary', verdict: 'account' });
  });

  test.each(['PLAIN', 'LOGIN'])(
    'no text holds the password, though the relay repeats all it was sent (%s)',
    async (mechanism) => {
      await using peer = await startPeer(async (connection) => {
        connection.say('220 hi');
        await connection.line();
        connection.say('250-relay', `250 AUTH ${mechanism}`);
        let seen = '';
        while (!seen.includes(SECRETS[1]!) && !seen.includes(SECRETS[2]!)) {
          seen += await connection.line();
          if (mechanism === 'LOGIN' && !seen.includes(SECRETS[1]!)) connection.say('334 go on');
        }
        const echo = `${'-'.repeat(950)} ${seen} ${AUTH.password.toUpperCase()}`;
        connection.say(`535-5.7.8 ${AUTH.password}`, `535-5.7.8 ${seen.toLowerCase()}`, `535 5.7.8 ${echo}`);
      });
      const error = await openingFails(relayAt(peer.port, { auth: AUTH }));
      expect(error.reply?.code).toBe(535);
      expectNoSecret(error);
    },
  );

  test('a reply that is no SMTP and repeats the password does not show it', async () => {
    await using peer = await startPeer((connection) =>
      serve(connection, { answers: { AUTH: (line) => `ERR ${line} ${AUTH.password}` } }),
    );
    const error = await openingFails(relayAt(peer.port, { auth: AUTH }));
    expect(error.fault).toMatchObject({ kind: 'protocol', stage: 'auth' });
    expectNoSecret(error);
  });

  test('no answer ends with the command timeout', async () => {
    await using peer = await startPeer((connection) => serve(connection, { answers: { AUTH: () => '' } }));
    const error = await openingFails(
      relayAt(peer.port, { auth: AUTH, timeouts: { ...GENEROUS_TIMEOUTS, commandMs: 100 } }),
    );
    expect(error.fault).toMatchObject({ kind: 'timeout', stage: 'auth' });
    expectNoSecret(error);
  });

  test('needed and not offered is refused: the mail must not go unauthenticated', async () => {
    for (const extensions of [[], ['AUTH GSSAPI XOAUTH2']]) {
      await using peer = await startPeer((connection) => serve(connection, { extensions }));
      const error = await openingFails(relayAt(peer.port, { auth: AUTH }));
      expect(error.fault).toMatchObject({ kind: 'unsupported', stage: 'auth' });
      expect(commandsOf(peer)).toEqual(['EHLO proxy.test']);
    }
  });
});
