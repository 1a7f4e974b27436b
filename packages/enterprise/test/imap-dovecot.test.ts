// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Dovecot, startDovecot, startTcpProxy, whyNoDovecot } from '@mail-proxy/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addMailbox, loggedIn, openMailboxWorld, returned, sharedDatabase } from './mailbox-world.case.ts';

const missing = whyNoDovecot();
/** For what Dovecot refuses while a session that is ending has a folder open. */
const PATIENCE = { timeout: 30_000 };

// One server for all of it, with a user for each test.
let dovecot: Dovecot;

describe.skipIf(missing !== null)(`mailboxes on Dovecot${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  beforeAll(async () => {
    dovecot = await startDovecot();
  });
  afterAll(async () => {
    await dovecot[Symbol.asyncDispose]();
  });

  test('mail that is there is handled once, in its order, and marked as seen', async () => {
    await using user = await loggedIn(dovecot, 'first');
    await user.append(returned('one'), returned('two'));
    await using world = await openMailboxWorld();
    const { pk } = await addMailbox(world, { port: dovecot.port, user: 'first' });
    const status = await world.until(pk, ({ condition }) => condition === 'ok');
    expect(await world.subjects()).toEqual(['one', 'two']);
    expect(status).toMatchObject({ failures: 0, error: null, position: { last_uid: 2 }, counts: { handled: 2 } });
    expect(await user.look()).toEqual({ one: ['\\Seen'], two: ['\\Seen'] });
  });

  test('mail that comes later is told by the server, long before the next look', async () => {
    await using user = await loggedIn(dovecot, 'later');
    await using world = await openMailboxWorld();
    const { pk } = await addMailbox(world, { port: dovecot.port, user: 'later' });
    await world.until(pk, ({ condition }) => condition === 'ok');
    await user.append(returned('late'));
    await world.until(pk, ({ counts }) => counts.handled === 1);
    expect(await world.subjects()).toEqual(['late']);
  });

  test.each([
    ['implicit', 'tlsPort'],
    ['starttls', 'port'],
  ] as const)('%s TLS, with a certificate of its own authority', async (tls, port) => {
    await using user = await loggedIn(dovecot, tls);
    await user.append(returned('under TLS'));
    await using world = await openMailboxWorld();
    const place = { host: 'localhost', port: dovecot[port], tls, tls_ca: dovecot.ca };
    const { pk } = await addMailbox(world, { ...place, user: tls });
    await world.until(pk, ({ counts }) => counts.handled === 1);
  });

  test('a certificate that nobody vouches for is not logged in to', async () => {
    await using world = await openMailboxWorld();
    const { pk } = await addMailbox(world, { host: 'localhost', port: dovecot.tlsPort, tls: 'implicit', user: 'tls' });
    const { error } = await world.until(pk, ({ condition }) => condition === 'failing');
    expect(error).toMatchObject({ stage: 'connect', code: 'tls' });
  });

  test('a wrong password stops the asking for five minutes, also when a check is asked for', async () => {
    await using world = await openMailboxWorld();
    const { pk } = await addMailbox(world, { port: dovecot.port, user: 'wrong', password: 'not it' });
    const status = await world.until(pk, ({ condition }) => condition === 'login_failed');
    expect(status.error).toMatchObject({ stage: 'auth', code: 'rejected' });
    expect(JSON.stringify(status)).not.toContain('not it');
    const waits = Date.parse(status.next_check_at ?? '') - Date.parse(status.last_check_at ?? '');
    expect(waits).toBeGreaterThanOrEqual(300_000);
    const asked = await world.engine.execute('mailboxes.check', { mailbox_id: pk });
    expect(asked).toEqual({ checks_at: status.next_check_at });
    // The right one is tried at once.
    await world.engine.execute('mailboxes.update', { mailbox_id: pk, password: 'secret' });
    await world.until(pk, ({ condition }) => condition === 'ok');
    expect(dovecot.log().match(/auth failed, 1 attempts.*user=<wrong>/g)).toHaveLength(1);
  });

  test('handled mail is moved to a folder that is made for it; what nobody wanted stays', async () => {
    await using user = await loggedIn(dovecot, 'mover');
    await user.append(returned('bounce'), returned('newsletter'));
    await using world = await openMailboxWorld({
      read: (_mail, subject) => (subject === 'newsletter' ? 'not mine' : undefined),
    });
    const place = { port: dovecot.port, user: 'mover', after_handling: 'move', move_to: 'Handled' };
    const { pk } = await addMailbox(world, place);
    const { counts } = await world.until(pk, ({ condition }) => condition === 'ok');
    expect(counts).toMatchObject({ handled: 1, ignored: 1 });
    expect(await user.look()).toEqual({ newsletter: [] });
    expect(await user.look('Handled')).toEqual({ bounce: [] });
  });

  test('handled mail is deleted, and left as it is', async () => {
    await using user = await loggedIn(dovecot, 'others');
    await user.append(returned('bounce'));
    await using world = await openMailboxWorld();
    const left = await addMailbox(world, { port: dovecot.port, user: 'others', after_handling: 'leave' });
    await world.until(left.pk, ({ counts }) => counts.handled === 1);
    expect(await user.look()).toEqual({ bounce: [] });
    const deleted = await addMailbox(world, { port: dovecot.port, user: 'others', after_handling: 'delete' });
    await world.until(deleted.pk, ({ condition }) => condition === 'ok');
    expect(await user.look()).toEqual({});
  });

  test('several batches of mail are handled once each, in their order', async () => {
    await using user = await loggedIn(dovecot, 'many');
    const subjects = Array.from({ length: 250 }, (_, n) => `mail ${n}`);
    await user.append(...subjects.map((subject) => returned(subject)));
    await using world = await openMailboxWorld();
    const { pk } = await addMailbox(world, { port: dovecot.port, user: 'many' });
    await world.until(pk, ({ condition }) => condition === 'ok');
    expect(await world.subjects()).toEqual(subjects);
    // With most of them looked at, the place of the next one is found among all.
    await user.append(returned('one more'));
    await world.until(pk, ({ counts }) => counts.handled === 251);
    expect((await world.subjects()).at(-1)).toBe('one more');
  });

  test('of a large mail the start is read, and said to be so', async () => {
    await using user = await loggedIn(dovecot, 'large');
    await user.append(returned('large', 'All work and no play.\r\n'.repeat(200_000)), returned('small'));
    await using world = await openMailboxWorld({ settings: { maxMailBytes: 400_000 } });
    const { pk } = await addMailbox(world, { port: dovecot.port, user: 'large' });
    await world.until(pk, ({ condition }) => condition === 'ok');
    expect(await world.handled()).toMatchObject([
      { subject: 'large', size: 400_000, is_truncated: 1 },
      { subject: 'small', is_truncated: 0 },
    ]);
  });

  test('a folder that was made anew with the same mail brings what is new in it, and nothing twice', async () => {
    await using user = await loggedIn(dovecot, 'anew', 'Bounces');
    const mails = [returned('one'), returned('two')];
    await user.append(...mails);
    await using world = await openMailboxWorld();
    const { pk } = await addMailbox(world, { port: dovecot.port, user: 'anew', folder: 'Bounces', enabled: true });
    const before = await world.until(pk, ({ condition, counts }) => condition === 'ok' && counts.handled === 2);
    await world.engine.execute('mailboxes.update', { mailbox_id: pk, enabled: false });
    await vi.waitFor(() => user.client.mailboxDelete('Bounces'), PATIENCE);
    await vi.waitFor(() => user.client.mailboxCreate('Bounces'), PATIENCE);
    await user.append(returned('three'), ...mails);
    await world.engine.execute('mailboxes.update', { mailbox_id: pk, enabled: true });
    const after = await world.until(pk, ({ counts }) => counts.handled === 3);
    expect(after.position.uidvalidity).not.toBe(before.position.uidvalidity);
    await world.until(pk, ({ counts }) => counts.repeated === 2);
    expect(await world.subjects()).toEqual(['one', 'two', 'three']);
    expect(await user.look()).toEqual({ one: ['\\Seen'], two: ['\\Seen'], three: ['\\Seen'] });
  });

  test('a cut between handling and marking: the mark is made up for, and the mail handled once', async () => {
    await using user = await loggedIn(dovecot, 'cut');
    await user.append(returned('one'));
    await using proxy = await startTcpProxy(dovecot.port);
    const marking = proxy.intercept('STORE');
    await using world = await openMailboxWorld();
    const { pk } = await addMailbox(world, { port: proxy.port, user: 'cut' });
    (await marking).cut();
    await world.until(pk, ({ condition, counts }) => condition === 'ok' && counts.handled === 1);
    expect(await world.subjects()).toEqual(['one']);
    expect(await user.look()).toEqual({ one: ['\\Seen'] });
  });

  test('an engine that is stopped amidst a mail leaves it to the next one', async () => {
    await using user = await loggedIn(dovecot, 'restart');
    await user.append(returned('one'), returned('two'), returned('three'));
    await using shared = await sharedDatabase();
    const reached = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const read = async (_: unknown, subject: string): Promise<void> => {
      if (subject !== 'two') return;
      reached.resolve();
      await go.promise;
      throw new Error('the process is killed here');
    };
    let pk = '';
    {
      await using first = await openMailboxWorld({ ...shared, read });
      ({ pk } = await addMailbox(first, { port: dovecot.port, user: 'restart' }));
      await reached.promise;
      expect(await first.subjects()).toEqual(['one']);
      const stopped = first.engine.stop({ deadlineMs: 1 });
      go.resolve();
      await stopped;
    }
    await using second = await openMailboxWorld(shared);
    await second.engine.execute('mailboxes.check', { mailbox_id: pk });
    await second.until(pk, ({ counts }) => counts.handled >= 2);
    // The one in hand had failed in the eyes of the first, which had a minute to live.
    const { items } = (await second.engine.execute('mailboxes.list-mails', { mailbox_id: pk, state: 'retrying' })) as {
      items: readonly { pk: string }[];
    };
    for (const { pk: mail } of items)
      await second.engine.execute('mailboxes.retry-mail', { mailbox_id: pk, mail_id: mail });
    await second.until(pk, ({ counts }) => counts.handled === 3);
    expect([...(await second.subjects())].sort()).toEqual(['one', 'three', 'two']);
  });

  test('of two instances one looks, the other takes over when it stops, and each mail is handled once', async () => {
    await using user = await loggedIn(dovecot, 'two');
    await user.append(returned('one'));
    await using shared = await sharedDatabase('postgres');
    await using second = await openMailboxWorld({ ...shared, instance: 'second' });
    let pk = '';
    {
      await using first = await openMailboxWorld({ ...shared, instance: 'first' });
      ({ pk } = await addMailbox(first, { port: dovecot.port, user: 'two' }));
      await first.until(pk, ({ counts }) => counts.handled === 1);
      await user.append(returned('two'));
      await first.until(pk, ({ counts }) => counts.handled === 2);
    }
    await user.append(returned('three'));
    // Whichever had it: the other does.
    await second.engine.execute('mailboxes.check', { mailbox_id: pk });
    await second.until(pk, ({ counts }) => counts.handled === 3);
    expect(await second.subjects()).toEqual(['one', 'two', 'three']);
    const opened = dovecot.log().match(/Login: user=<two>/g) ?? [];
    expect(opened.length).toBeLessThanOrEqual(3);
  });
});
