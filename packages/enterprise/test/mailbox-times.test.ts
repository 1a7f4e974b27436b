// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { VirtualClock } from '@mail-proxy/core/testing';
import { eventually } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { type FolderServer, startFolderServer } from './folder-server.case.ts';
import {
  addMailbox,
  type MailboxWorld,
  openMailboxWorld,
  returned,
  type StatusView,
  sharedDatabase,
} from './mailbox-world.case.ts';

const MINUTE = 60_000;
const SETTINGS = { retryMs: 5_000, maxRetryMs: 600_000, lookMs: 10_000 };
/** What a deadline is measured by stands still, so that none of them is reached. */
const random = (): number => 0;

const at = (time: string | null): number => Date.parse(time ?? '');

/** Move the time in steps that leave the engine its heartbeat. */
async function pass(clock: VirtualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 5_000) await clock.advance(Math.min(5_000, left));
}

/** Let the next check come, and end. */
async function nextCheck(world: MailboxWorld, pk: string, clock: VirtualClock): Promise<StatusView> {
  const { next_check_at, last_check_at } = await world.status(pk);
  await pass(clock, at(next_check_at) - clock.now());
  return world.until(pk, (status) => status.last_check_at !== last_check_at);
}

/** Wait until it is asked for this mail by a command behind the first `after`. */
async function hanging(server: FolderServer, uid: number, after: number): Promise<void> {
  await eventually(() => isAskedFor(server, uid, after));
}

function isAskedFor({ commands }: FolderServer, uid: number, after: number): boolean {
  const isAsked = (command: string): boolean => command.includes(`: UID FETCH ${uid} `) && command.includes('BODY');
  return commands.slice(after).some(isAsked);
}

test('a server that refuses connections is tried again later and later, up to ten minutes', async () => {
  const clock = new VirtualClock();
  const server = await startFolderServer();
  await server.peer.close();
  await using world = await openMailboxWorld({ clock, random, settings: SETTINGS });
  const { pk } = await addMailbox(world, { port: server.port });
  let status = await world.until(pk, ({ failures }) => failures === 1);
  for (const seconds of [5, 10, 20, 40, 80, 160, 320, 600, 600]) {
    expect(status).toMatchObject({ condition: 'failing', error: { stage: 'connect', code: 'refused' } });
    expect((at(status.next_check_at) - at(status.last_check_at)) / 1_000).toBe(seconds);
    status = await nextCheck(world, pk, clock);
  }
});

test('a server that refuses the login is asked once in five minutes, and then less', async () => {
  const clock = new VirtualClock();
  await using server = await startFolderServer({
    fault: (said) => (said.startsWith('LOGIN') ? { say: 'TAG NO [AUTHENTICATIONFAILED] no\r\n' } : undefined),
  });
  await using world = await openMailboxWorld({ clock, random, settings: SETTINGS });
  const { pk } = await addMailbox(world, { port: server.port });
  let status = await world.until(pk, ({ failures }) => failures === 1);
  for (const minutes of [5, 10, 20, 40, 60]) {
    expect(status.condition).toBe('login_failed');
    expect(at(status.next_check_at) - at(status.last_check_at)).toBe(minutes * MINUTE);
    const before = server.peer.connections;
    await world.engine.execute('mailboxes.check', { mailbox_id: pk });
    await pass(clock, at(status.next_check_at) - clock.now() - 1);
    expect(server.peer.connections).toBe(before);
    status = await nextCheck(world, pk, clock);
  }
});

test('a request to check is worth one try: a server that is gone by then has its time', async () => {
  const clock = new VirtualClock();
  let isGone = false;
  await using server = await startFolderServer({
    fault: (said) => (isGone && said.startsWith('LOGIN') ? 'cut' : undefined),
  });
  await using world = await openMailboxWorld({ clock, random, settings: SETTINGS });
  const { pk } = await addMailbox(world, { port: server.port });
  await world.until(pk, ({ condition }) => condition === 'ok');
  isGone = true;
  await clock.advance(1);
  await world.engine.execute('mailboxes.check', { mailbox_id: pk });
  let status = await world.until(pk, ({ failures }) => failures > 0);
  // The third in a row is taken for a refusal.
  for (const seconds of [5, 10, 1_200]) {
    expect(status.condition).toBe('failing');
    expect(at(status.next_check_at) - at(status.last_check_at)).toBe(seconds * 1_000);
    const before = server.peer.connections;
    await pass(clock, at(status.next_check_at) - clock.now() - 1);
    expect(server.peer.connections).toBe(before);
    status = await nextCheck(world, pk, clock);
  }
});

test('mail that takes long is read over several connections, so that others have their turn', async () => {
  const clock = new VirtualClock();
  await using server = await startFolderServer();
  server.add(...['one', 'two', 'three', 'four', 'five'].map((subject) => returned(subject)));
  await using world = await openMailboxWorld({
    clock,
    random,
    settings: { ...SETTINGS, maxConnections: 1 },
    read: () => clock.advance(40_000),
  });
  const { pk } = await addMailbox(world, { port: server.port });
  await world.until(pk, ({ counts }) => counts.handled === 5);
  await eventually(() => server.mails.every(({ flags }) => flags.has('\\Seen')));
  expect(await world.subjects()).toEqual(['one', 'two', 'three', 'four', 'five']);
  expect(server.peer.connections).toBe(3);
});

test('a try that the end of the engine cuts short counts for none', async () => {
  const clock = new VirtualClock();
  await using shared = await sharedDatabase();
  let isHanging = false;
  await using server = await startFolderServer({
    capabilities: 'IMAP4rev1 UIDPLUS IDLE',
    fault: (said) => (isHanging && /BODY/.test(said) ? 'hang' : undefined),
  });
  const open = (isPoison: boolean): Promise<MailboxWorld> =>
    openMailboxWorld({
      ...{ clock, random, settings: SETTINGS, ...shared },
      read() {
        if (isPoison) throw new Error('cannot be read');
      },
    });
  let pk = '';
  {
    await using world = await open(true);
    server.add(returned('bad'));
    ({ pk } = await addMailbox(world, { port: server.port }));
    await world.until(pk, ({ condition }) => condition === 'ok');
    server.add(returned('new'));
    isHanging = true;
    const asked = server.commands.length;
    await world.engine.execute('mailboxes.check', { mailbox_id: pk });
    await hanging(server, 2, asked);
  }
  for (let n = 0; n < 3; n++) {
    const asked = server.commands.length;
    await using world = await open(true);
    await hanging(server, 2, asked);
    expect((await world.status(pk)).counts).toMatchObject({ handled: 0, retrying: 1, set_aside: 0 });
  }
  isHanging = false;
  const before = server.commands.length;
  {
    await using world = await open(false);
    await world.until(pk, ({ counts }) => counts.handled === 1);
    // By then it waits for the time of the next try.
    await eventually(() => server.commands.slice(before).some((command) => command.endsWith(': IDLE')));
    isHanging = true;
    const asked = server.commands.length;
    // IDLE is said a moment before the time of the next try is waited for: who passes that too early passes it again.
    await eventually(async () => {
      await clock.advance(60_000);
      const soon = eventually(() => isAskedFor(server, 1, asked), { timeoutMs: 8_000 });
      return await soon.catch(() => false);
    });
  }
  await using world = await openMailboxWorld({ clock, hasReader: false, ...shared });
  expect(await world.engine.execute('mailboxes.list-mails', { mailbox_id: pk, state: 'retrying' })).toMatchObject({
    items: [{ uid: 1, attempts: 1 }],
  });
});

test('a server without IDLE is looked into at the interval, over a new connection each time', async () => {
  const clock = new VirtualClock();
  await using server = await startFolderServer();
  await using world = await openMailboxWorld({ clock, random, settings: SETTINGS });
  const { pk } = await addMailbox(world, { port: server.port, poll_interval_seconds: 120 });
  const first = await world.until(pk, ({ condition }) => condition === 'ok');
  expect(at(first.next_check_at) - at(first.last_check_at)).toBe(2 * MINUTE);
  server.add(returned('one'));
  await nextCheck(world, pk, clock);
  expect(await world.subjects()).toEqual(['one']);
  expect(server.peer.connections).toBe(2);
});

test('a connection that waits with IDLE is used again at the interval', async () => {
  const clock = new VirtualClock();
  await using server = await startFolderServer({ capabilities: 'IMAP4rev1 UIDPLUS IDLE' });
  await using world = await openMailboxWorld({ clock, random, settings: SETTINGS });
  const { pk } = await addMailbox(world, { port: server.port, poll_interval_seconds: 120 });
  await eventually(() => server.commands.includes('1: IDLE'));
  // It says nothing of it.
  server.add(returned('one'));
  await nextCheck(world, pk, clock);
  expect(await world.subjects()).toEqual(['one']);
  expect(server.peer.connections).toBe(1);
});

test('mail that fails is tried again after 1, 4, 16 and 64 minutes, whatever the interval, and then set aside', async () => {
  const clock = new VirtualClock();
  await using server = await startFolderServer();
  server.add(returned('poison'));
  const tries: number[] = [];
  await using world = await openMailboxWorld({
    clock,
    random,
    settings: SETTINGS,
    read: () => {
      tries.push(clock.now());
      throw new Error('cannot be read');
    },
  });
  const { pk } = await addMailbox(world, { port: server.port });
  await world.until(pk, ({ condition }) => condition === 'ok');
  for (let n = 0; n < 4; n++) await nextCheck(world, pk, clock);
  const { counts, position } = await world.status(pk);
  expect(counts).toMatchObject({ retrying: 0, set_aside: 1 });
  expect(position.last_uid).toBe(1);
  expect(tries.slice(1).map((time, n) => Math.round((time - (tries[n] ?? 0)) / MINUTE))).toEqual([1, 4, 16, 64]);
});

test('what became of mail is forgotten after its days, and mail from before is then taken for handled', async () => {
  const clock = new VirtualClock(Date.UTC(2030, 0, 2));
  await using server = await startFolderServer();
  server.add(returned('old'));
  await using world = await openMailboxWorld({
    clock,
    random,
    settings: { ...SETTINGS, lookMs: 600_000, keepDays: 30 },
  });
  const { pk } = await addMailbox(world, { port: server.port });
  await world.until(pk, ({ condition }) => condition === 'ok');
  const known = async () =>
    ((await world.engine.execute('mailboxes.list-mails', { mailbox_id: pk, state: 'handled' })) as { items: unknown[] })
      .items.length;
  expect(await known()).toBe(1);
  await world.engine.execute('mailboxes.update', { mailbox_id: pk, enabled: false });
  clock.setWallTime(Date.UTC(2030, 2, 1));
  await world.engine.execute('mailboxes.update', { mailbox_id: pk, enabled: true });
  await world.until(pk, ({ last_ok_at }) => at(last_ok_at) >= Date.UTC(2030, 2, 1));
  expect(await known()).toBe(0);
  // All of its UIDs are others: nobody knows the old mail any more but by its date.
  await world.engine.execute('mailboxes.update', { mailbox_id: pk, enabled: false });
  server.uidvalidity = 2;
  await world.engine.execute('mailboxes.update', { mailbox_id: pk, enabled: true });
  await world.until(pk, ({ counts }) => counts.repeated === 1);
  expect(await world.subjects()).toEqual(['old']);
});
