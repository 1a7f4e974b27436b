// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AuditEntry, type Clock, execute, systemClock, tenantPrincipal } from '@mail-proxy/core';
import { createTestCertificate, type ScriptedPeer } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { imapVerify } from '../src/imap/imap.operations.ts';
import type { ImapTarget, ImapVerdict } from '../src/imap/imap.schema.ts';
import { verifyImap } from '../src/imap/verify-imap.ts';
import { startScriptedImap } from './scripted-imap.case.ts';

const PASSWORD = 'correct "horse" battery';

/** A clock whose timers fire when the test says so. */
function handClock(): Clock & { fire(): void } {
  const timers = new Set<() => void>();
  return {
    ...systemClock,
    after(_ms, fn) {
      timers.add(fn);
      return { [Symbol.dispose]: () => void timers.delete(fn) };
    },
    fire() {
      for (const fn of timers) fn();
    },
  };
}

function target({ port }: Pick<ScriptedPeer, 'port'>, change: Partial<ImapTarget> = {}): ImapTarget {
  return {
    host: '127.0.0.1',
    port,
    user: 'anna',
    password: PASSWORD,
    tls: 'none',
    mailbox: 'INBOX',
    timeout_ms: 20_000,
    ...change,
  };
}

function verify(peer: Pick<ScriptedPeer, 'port'>, change: Partial<ImapTarget> = {}): Promise<ImapVerdict> {
  return verifyImap(target(peer, change), { clock: systemClock });
}

describe('imap.verify', () => {
  test('good settings open the mailbox read-only and log out', async () => {
    const { peer, commands } = await startScriptedImap();
    await using _ = peer;
    expect(await verify(peer)).toEqual({
      ok: true,
      stage: 'done',
      mailbox: { exists: 3, uidvalidity: 1_700_000_000, uidnext: 42 },
      capabilities: ['IMAP4rev1', 'UIDPLUS'],
    });
    await peer.done();
    expect(commands.filter((command) => /^(LOGIN|SELECT|EXAMINE|LOGOUT)/.test(command))).toEqual([
      'LOGIN "anna" "correct \\"horse\\" battery"',
      'EXAMINE INBOX',
      'LOGOUT',
    ]);
  });

  test('connection refused fails at connect', async () => {
    const { peer } = await startScriptedImap();
    await peer.close();
    expect(await verify(peer)).toMatchObject({ ok: false, stage: 'connect', error: { code: 'refused' } });
  });

  test('BYE as the greeting fails at greeting, in the words of the server', async () => {
    const { peer } = await startScriptedImap({ greeting: '* BYE too many connections' });
    await using _ = peer;
    expect(await verify(peer)).toEqual({
      ok: false,
      stage: 'greeting',
      error: { code: 'closed', message: 'too many connections' },
    });
  });

  test('PREAUTH as the greeting fails at auth, since the password was not checked', async () => {
    const { peer } = await startScriptedImap({ greeting: '* PREAUTH welcome' });
    await using _ = peer;
    expect(await verify(peer)).toMatchObject({ ok: false, stage: 'auth', error: { code: 'unsupported' } });
  });

  test('NO after LOGIN fails at auth, and a password in the answer is taken out', async () => {
    const { peer } = await startScriptedImap({
      answers: { LOGIN: [`NO [AUTHENTICATIONFAILED] wrong: anna ${PASSWORD}`] },
    });
    await using _ = peer;
    expect(await verify(peer)).toEqual({
      ok: false,
      stage: 'auth',
      capabilities: ['IMAP4rev1', 'UIDPLUS'],
      error: { code: 'rejected', message: 'wrong: anna [secret]', response_code: 'AUTHENTICATIONFAILED' },
    });
  });

  test.each([
    ['CAPABILITY', 'auth'],
    ['LOGIN', 'auth'],
    ['EXAMINE', 'mailbox'],
  ])('a cut after %s fails there', async (command, stage) => {
    const { peer } = await startScriptedImap({ answers: { [command]: 'cut' } });
    await using _ = peer;
    expect(await verify(peer)).toMatchObject({ ok: false, stage, error: { code: 'closed' } });
  });

  test('a session that ends between login and mailbox fails at mailbox', async () => {
    const { peer } = await startScriptedImap({
      answers: {
        CAPABILITY: ['* CAPABILITY IMAP4rev1 NAMESPACE', 'OK done'],
        NAMESPACE: ['* BYE going down', 'NO not now'],
      },
    });
    await using _ = peer;
    expect(await verify(peer)).toMatchObject({ ok: false, stage: 'mailbox', error: { code: 'closed' } });
  });

  test('a server without a way to log in fails at auth, and is sent no password', async () => {
    const { peer, commands } = await startScriptedImap({
      answers: { CAPABILITY: ['* CAPABILITY IMAP4rev1 LOGINDISABLED', 'OK done'] },
    });
    await using _ = peer;
    expect(await verify(peer)).toMatchObject({ ok: false, stage: 'auth', error: { code: 'unsupported' } });
    expect(commands.join()).not.toContain('horse');
  });

  test('NO after EXAMINE of a missing mailbox fails at mailbox', async () => {
    const { peer } = await startScriptedImap({
      answers: { LIST: ['OK done'], EXAMINE: ['NO [NONEXISTENT] no such mailbox'] },
    });
    await using _ = peer;
    expect(await verify(peer, { mailbox: 'Bounces' })).toMatchObject({
      ok: false,
      stage: 'mailbox',
      error: { code: 'no_mailbox', message: 'no such mailbox', response_code: 'NONEXISTENT' },
    });
    await peer.done();
  });

  test('NO after EXAMINE of a mailbox that exists says rejected', async () => {
    const { peer } = await startScriptedImap({ answers: { EXAMINE: ['NO [NOPERM] not yours'] } });
    await using _ = peer;
    expect(await verify(peer)).toMatchObject({
      ok: false,
      stage: 'mailbox',
      error: { code: 'rejected', response_code: 'NOPERM' },
    });
  });

  test('a greeting without end fails at greeting', async () => {
    const { peer } = await startScriptedImap({ greeting: `* OK ${'x'.repeat(100_000)}` });
    await using _ = peer;
    expect(await verify(peer)).toMatchObject({ ok: false, stage: 'greeting', error: { code: 'protocol' } });
  });

  test('silence instead of a greeting is left at the deadline', async () => {
    const clock = handClock();
    // With TLS the client is known to be connected when the script begins.
    const tls = createTestCertificate();
    const { peer } = await startScriptedImap({ tls, greeting: 'silence', onSilence: clock.fire });
    await using _ = peer;
    const verdict = await verifyImap(target(peer, { tls: 'implicit' }), { clock, ca: tls.cert });
    expect(verdict).toMatchObject({ ok: false, stage: 'greeting', error: { code: 'timeout' } });
    await peer.done();
  });

  test.each([
    ['CAPABILITY', 'auth'],
    ['LOGIN', 'auth'],
    ['EXAMINE', 'mailbox'],
  ])('silence after %s is left at the deadline', async (command, stage) => {
    const clock = handClock();
    const { peer } = await startScriptedImap({ answers: { [command]: 'silence' }, onSilence: clock.fire });
    await using _ = peer;
    expect(await verifyImap(target(peer), { clock })).toMatchObject({ ok: false, stage, error: { code: 'timeout' } });
    await peer.done();
  });

  test('silence after LOGOUT does not spoil the verdict', async () => {
    const clock = handClock();
    const { peer } = await startScriptedImap({ answers: { LOGOUT: 'silence' }, onSilence: clock.fire });
    await using _ = peer;
    expect(await verifyImap(target(peer), { clock })).toMatchObject({ ok: true, stage: 'done' });
    await peer.done();
  });
});

describe('TLS', () => {
  test('implicit: a trusted certificate passes', async () => {
    const tls = createTestCertificate();
    const { peer } = await startScriptedImap({ tls });
    await using _ = peer;
    const verdict = await verifyImap(target(peer, { tls: 'implicit' }), { clock: systemClock, ca: tls.cert });
    expect(verdict).toMatchObject({ ok: true, stage: 'done' });
  });

  test('implicit: a certificate that nobody vouches for fails at connect', async () => {
    const { peer } = await startScriptedImap({ tls: createTestCertificate() });
    await using _ = peer;
    expect(await verify(peer, { tls: 'implicit' })).toMatchObject({
      ok: false,
      stage: 'connect',
      error: { code: 'tls' },
    });
  });

  test('starttls: the password is sent under TLS only', async () => {
    const starttls = createTestCertificate();
    const { peer, commands } = await startScriptedImap({
      starttls,
      answers: { CAPABILITY: ['* CAPABILITY IMAP4rev1 STARTTLS', 'OK done'], STARTTLS: ['OK go'] },
    });
    await using _ = peer;
    const verdict = await verifyImap(target(peer, { tls: 'starttls' }), { clock: systemClock, ca: starttls.cert });
    expect(verdict).toMatchObject({ ok: true, stage: 'done' });
    expect(commands.indexOf('STARTTLS')).toBeLessThan(commands.findIndex((each) => each.startsWith('LOGIN')));
  });

  test('starttls: a server without it fails at greeting, and is sent no password', async () => {
    const { peer, commands } = await startScriptedImap();
    await using _ = peer;
    expect(await verify(peer, { tls: 'starttls' })).toMatchObject({
      ok: false,
      stage: 'greeting',
      error: { code: 'tls' },
    });
    expect(commands.join()).not.toContain('LOGIN');
  });

  test('none: STARTTLS is not used though it is offered', async () => {
    const { peer, commands } = await startScriptedImap({
      answers: { CAPABILITY: ['* CAPABILITY IMAP4rev1 STARTTLS', 'OK done'] },
    });
    await using _ = peer;
    expect(await verify(peer)).toMatchObject({ ok: true });
    expect(commands).not.toContain('STARTTLS');
  });
});

describe('the operation', () => {
  test('the mixin adds it, and the audit row holds no password', async () => {
    const { peer } = await startScriptedImap();
    await using _ = peer;
    const audited: AuditEntry[] = [];
    const { port } = peer;
    const verdict = await execute(
      imapVerify,
      { host: '127.0.0.1', port, user: 'anna', password: PASSWORD, tls: 'none' },
      {
        services: { imap: { clock: systemClock } },
        caller: { principal: { kind: 'admin', name: 'test' }, origin: 'embedded' },
        audit: async (entry) => void audited.push(entry),
      },
    );
    expect(verdict).toMatchObject({ ok: true, stage: 'done' });
    expect(audited).toMatchObject([{ operation: 'imap.verify', outcome: 'ok' }]);
    expect(JSON.stringify(audited)).not.toContain('horse');
  });

  test('a tenant may not call it', async () => {
    const call = execute(
      imapVerify,
      {},
      {
        services: { imap: { clock: systemClock } },
        caller: { principal: tenantPrincipal('acme'), origin: 'embedded' },
        audit: async () => {},
      },
    );
    await expect(call).rejects.toMatchObject({ code: 'forbidden' });
  });
});
