// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { type Fault, startFolderServer } from './folder-server.case.ts';
import { addMailbox, openMailboxWorld, returned } from './mailbox-world.case.ts';

/** A healthy server answers sooner on the slowest machine, or is asked again. */
const PATIENCE = { openMs: 1_500, commandMs: 1_500 };

const STAGES: readonly (readonly [name: string, command: RegExp])[] = [
  ['the greeting', /^greeting/],
  ['CAPABILITY', /^CAPABILITY/],
  ['LOGIN', /^LOGIN/],
  ['SELECT', /^SELECT/],
  ['FETCH of the heads', /^FETCH/],
  ['FETCH of a mail', /^UID FETCH 2 .*BODY/],
  ['STORE', /^UID STORE/],
];

describe('a server that once', () => {
  const cases = STAGES.flatMap(([name, command]) =>
    (['hang', 'cut'] as const).map((fault) => [fault === 'hang' ? 'hangs' : 'cuts', name, command, fault] as const),
  );
  test.concurrent.each(cases)('%s at %s: each mail is handled exactly once', async (_, _name, command, fault) => {
    await using server = await startFolderServer({
      fault: (said, connection) => (connection === 1 && command.test(said) ? fault : undefined),
    });
    server.add(returned('one'), returned('two'), returned('three'));
    await using world = await openMailboxWorld({ settings: PATIENCE });
    const { pk } = await addMailbox(world, { port: server.port });
    await world.until(pk, ({ condition }) => condition === 'ok');
    expect(await world.subjects()).toEqual(['one', 'two', 'three']);
    expect(server.mails.map(({ flags }) => [...flags])).toEqual([['\\Seen'], ['\\Seen'], ['\\Seen']]);
    expect(server.peer.connections).toBeGreaterThanOrEqual(2);
  });

  test('drops the connection inside a literal: the mail comes whole with the next one', async () => {
    await using server = await startFolderServer({
      fault: (said, connection) => (connection <= 2 && /^UID FETCH 2 .*BODY/.test(said) ? 'cut in literal' : undefined),
    });
    server.add(returned('one'), returned('two', 'x'.repeat(100_000)), returned('three'));
    await using world = await openMailboxWorld({ settings: PATIENCE });
    const { pk } = await addMailbox(world, { port: server.port });
    await world.until(pk, ({ condition }) => condition === 'ok');
    expect(await world.handled()).toMatchObject([
      { subject: 'one' },
      { subject: 'two', size: server.mails[1]?.size },
      { subject: 'three' },
    ]);
  });

  test('is started anew with other UIDs in the middle: what was handled is not handled again', async () => {
    await using server = await startFolderServer({
      fault(said, connection) {
        if (connection !== 1 || !/^UID FETCH 3 .*BODY/.test(said)) return undefined;
        server.uidvalidity = 2;
        server.mails = server.mails.map((mail, at) => ({ ...mail, uid: 10 - at })).reverse();
        server.uidnext = 11;
        return 'cut';
      },
    });
    server.add(returned('one'), returned('two'), returned('three'), returned('four'));
    await using world = await openMailboxWorld({ settings: PATIENCE });
    const { pk } = await addMailbox(world, { port: server.port });
    const status = await world.until(pk, ({ condition }) => condition === 'ok');
    expect(await world.subjects()).toEqual(['one', 'two', 'four', 'three']);
    expect(status).toMatchObject({ position: { uidvalidity: 2, last_uid: 10 }, counts: { handled: 4, repeated: 2 } });
  });

  test('restores a backup and forgets its UIDs: what comes then is handled, and nothing twice', async () => {
    await using server = await startFolderServer();
    server.add(returned('one'), returned('two'), returned('three'));
    await using world = await openMailboxWorld({ settings: PATIENCE });
    const { pk } = await addMailbox(world, { port: server.port });
    await world.until(pk, ({ condition }) => condition === 'ok');
    server.mails = server.mails.slice(0, 1);
    server.uidnext = 2;
    server.add(returned('another'));
    await world.engine.execute('mailboxes.check', { mailbox_id: pk });
    await world.until(pk, ({ counts }) => counts.handled === 4 && counts.repeated === 1);
    expect(await world.subjects()).toEqual(['one', 'two', 'three', 'another']);
  });
});

describe('a server that always', () => {
  test.concurrent.each<readonly [string, Fault]>([
    ['breaks off at one mail', 'cut'],
    ['breaks off inside one mail', 'cut in literal'],
    ['sends a literal larger than was asked for', { say: '* 2 FETCH (UID 2 BODY[]<0> {99999999}\r\nxxxx' }],
    [
      'sends more of a mail than was asked for',
      { say: `* 2 FETCH (UID 2 BODY[]<0> {262200}\r\n${'x'.repeat(262_200)})\r\nTAG OK\r\n` },
    ],
    ['gives nothing of a mail that is there', { say: 'TAG OK done\r\n' }],
    ['names another size than it sends', { say: '* 2 FETCH (UID 2 BODY[]<0> {5}\r\nxxxxxxxxxxxxx)\r\nTAG OK\r\n' }],
    ['sends a line without an end', { say: `* 2 FETCH (UID 2 ${'x'.repeat(1_000_000)}` }],
  ])('%s: it is passed by, and the others are handled', async (_, fault) => {
    await using server = await startFolderServer({
      fault: (said) => (/^UID FETCH 2 .*BODY/.test(said) ? fault : undefined),
    });
    server.add(returned('one'), returned('two'), returned('three'));
    await using world = await openMailboxWorld({ settings: PATIENCE });
    const { pk } = await addMailbox(world, { port: server.port });
    const { counts } = await world.until(pk, ({ condition }) => condition === 'ok');
    expect(await world.subjects()).toEqual(['one', 'three']);
    expect(counts).toMatchObject({ handled: 2, retrying: 1 });
    expect(await world.engine.execute('mailboxes.list-mails', { mailbox_id: pk, state: 'retrying' })).toMatchObject({
      items: [{ uid: 2, attempts: 3, error: expect.stringContaining('connection') }],
    });
  });

  test('names UIDs that cannot be is asked again until it stops, and nothing is passed by', async () => {
    let isLying = true;
    await using server = await startFolderServer({
      fault: (said) =>
        isLying && said.startsWith('FETCH')
          ? { say: '* 1 FETCH (UID 4000000000 RFC822.SIZE 10)\r\n* 1 FETCH (UID 1)\r\nTAG OK\r\n' }
          : undefined,
    });
    server.add(returned('one'));
    await using world = await openMailboxWorld({ settings: PATIENCE });
    const { pk } = await addMailbox(world, { port: server.port });
    const { error } = await world.until(pk, ({ condition }) => condition === 'failing');
    expect(error).toMatchObject({ stage: 'fetch', code: 'protocol' });
    isLying = false;
    await world.until(pk, ({ condition }) => condition === 'ok');
    expect(await world.subjects()).toEqual(['one']);
  });

  test('names ever more mail for one place is left', async () => {
    await using server = await startFolderServer({
      fault: (said) =>
        said.startsWith('FETCH')
          ? { say: Array.from({ length: 9 }, (_, n) => `* 1 FETCH (UID ${n + 1} RFC822.SIZE 10)\r\n`).join('') }
          : undefined,
    });
    server.add(returned('one'));
    server.uidnext = 100;
    // Its answer has no end, which is not waited for.
    await using world = await openMailboxWorld({ settings: { openMs: 300_000, commandMs: 300_000 } });
    const { pk } = await addMailbox(world, { port: server.port });
    const { error } = await world.until(pk, ({ condition }) => condition === 'failing');
    expect(error).toMatchObject({ stage: 'fetch', code: 'protocol', message: expect.stringContaining('more mail') });
  });

  test('floods with what nobody asked for is read through, or left', async () => {
    const flood = '* 1 FETCH (FLAGS (\\Seen))\r\n* 7 EXISTS\r\n* 3 EXPUNGE\r\n'.repeat(20_000);
    await using server = await startFolderServer({
      fault: (said, connection) =>
        connection === 1 && said.startsWith('SELECT') ? { say: `${flood}* BYE enough\r\n` } : undefined,
    });
    server.add(returned('one'));
    await using world = await openMailboxWorld({ settings: PATIENCE });
    const { pk } = await addMailbox(world, { port: server.port });
    await world.until(pk, ({ condition }) => condition === 'ok');
    expect(await world.subjects()).toEqual(['one']);
  });

  test('greets as logged in is told no password', async () => {
    await using server = await startFolderServer({
      fault: (said) => (said === 'greeting' ? { say: '* PREAUTH welcome\r\n' } : undefined),
    });
    await using world = await openMailboxWorld({ settings: PATIENCE });
    const { pk } = await addMailbox(world, { port: server.port });
    const { error } = await world.until(pk, ({ condition }) => condition === 'failing');
    expect(error).toMatchObject({ stage: 'auth', code: 'unsupported' });
    expect(server.commands.join()).not.toContain('LOGIN');
  });

  test('answers nothing holds up no other mailbox, nor the end of the engine', async () => {
    await using silent = await startFolderServer({ fault: (said) => (said.startsWith('SELECT') ? 'hang' : undefined) });
    await using server = await startFolderServer();
    server.add(returned('one'));
    await using world = await openMailboxWorld({ settings: { openMs: 300_000, commandMs: 300_000 } });
    await addMailbox(world, { port: silent.port });
    const { pk } = await addMailbox(world, { port: server.port });
    await world.until(pk, ({ condition }) => condition === 'ok');
    expect(await world.subjects()).toEqual(['one']);
    // Disposing of the world is what would hang.
  });
});

test('mail that lies in the folder twice is handled once, and both are marked', async () => {
  await using server = await startFolderServer();
  const mail = returned('one');
  server.add(mail, mail, mail);
  await using world = await openMailboxWorld({ settings: PATIENCE });
  const { pk } = await addMailbox(world, { port: server.port });
  const { counts } = await world.until(pk, ({ condition }) => condition === 'ok');
  expect(counts).toMatchObject({ handled: 1, repeated: 2 });
  expect(server.mails.map(({ flags }) => [...flags])).toEqual([['\\Seen'], ['\\Seen'], ['\\Seen']]);
});

test('a mailbox that moves while it waits for a connection is looked for where it is now, with its password', async () => {
  await using slow = await startFolderServer({
    capabilities: 'IMAP4rev1 UIDPLUS IDLE',
    fault: (said) => (said === 'NOOP' ? 'hang' : undefined),
  });
  await using old = await startFolderServer();
  await using server = await startFolderServer();
  await using world = await openMailboxWorld({
    settings: { openMs: 300_000, commandMs: 300_000, maxConnections: 1 },
  });
  const first = await addMailbox(world, { port: slow.port });
  await eventually(() => slow.commands.includes('1: IDLE'));
  const { pk } = await addMailbox(world, { port: old.port });
  // It is asked for its place.
  await eventually(() => slow.commands.includes('1: NOOP'));
  await world.engine.execute('mailboxes.update', { mailbox_id: pk, port: server.port, password: 'new' });
  await world.engine.execute('mailboxes.delete', { mailbox_id: first.pk });
  await world.until(pk, ({ condition }) => condition === 'ok');
  expect(old.peer.connections).toBe(0);
  expect(server.commands.join()).toContain('LOGIN');
});

test('of a mail of 50 MB, one MiB comes over the wire', async () => {
  await using server = await startFolderServer();
  server.add({ head: returned('huge'), size: 52_428_800 }, returned('small'));
  await using world = await openMailboxWorld({ settings: PATIENCE });
  const { pk } = await addMailbox(world, { port: server.port });
  await world.until(pk, ({ condition }) => condition === 'ok');
  expect(await world.handled()).toMatchObject([
    { subject: 'huge', size: 1_048_576, is_truncated: 1 },
    { subject: 'small', is_truncated: 0 },
  ]);
  expect(server.sentBytes).toBeLessThan(1_100_000);
});

test('more mailboxes than connections: each has its turn, though the servers would keep them', async () => {
  await using server = await startFolderServer({ capabilities: 'IMAP4rev1 UIDPLUS IDLE' });
  server.add(returned('one'));
  await using world = await openMailboxWorld({ settings: { ...PATIENCE, maxConnections: 2 } });
  const made = [];
  for (let n = 0; n < 5; n++) made.push(await addMailbox(world, { port: server.port, poll_interval_seconds: 10 }));
  for (const { pk } of made) await world.until(pk, ({ counts }) => counts.handled === 1);
  expect((await world.handled()).length).toBe(5);
});
