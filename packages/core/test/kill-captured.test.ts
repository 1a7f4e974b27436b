// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createMailEngine, type MailEngine } from '@mail-proxy/core';
import { eventually, tempDir } from '@mail-proxy/testkit';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { seededRandom } from '../src/testing/index.ts';
import { capturedConfig } from './kill-captured.case.ts';

const CHILD = fileURLToPath(new URL('./kill-captured-child-main.ts', import.meta.url));
/** The long form: GMP_KILL_LIVES=50 */
const KILLS = Number(process.env['GMP_KILL_LIVES'] ?? 3);
/** More of them until one has interrupted an attempt, on a machine so busy that none did. */
const MAX_KILLS = KILLS + 12;

/** @returns ids of what was accepted */
async function live(args: readonly string[], killAfterMs: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--conditions=mail-proxy-source', CHILD, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const accepted: string[] = [];
  createInterface(child.stdout).on('line', (line) => {
    const [word, ...ids] = line.split(' ');
    if (word === 'started') setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    else accepted.push(...ids);
  });
  const [, signal] = await closed;
  expect(signal).toBe('SIGKILL');
  return accepted;
}

/** Whether a kill came into an attempt: it is left over, or the next life has told of it. Changes nothing in the file. */
function isInterrupted(path: string): boolean {
  const database = new Sqlite(path, { readonly: true });
  try {
    const text = `select 1 from messages where state = 'leased'
      union all select 1 from message_events where type = 'interrupted' limit 1`;
    return database.prepare(text).get() !== undefined;
  } finally {
    database.close();
  }
}

interface Message {
  readonly id: string;
  readonly state: string;
  readonly result: string | null;
  readonly attempts: number;
}
interface Event {
  readonly message_id: string;
  readonly type: string;
  readonly attempt: number;
  readonly recipients: readonly { readonly address: string; readonly state: string }[];
}
interface Captured {
  readonly message_id: string;
  readonly attempt: number;
  readonly recipients: readonly string[];
}

/** All pages of a list. */
async function all<Item>(engine: MailEngine, list: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let after: unknown; ; ) {
    const input = { tenant_id: 'default', limit: 1_000, ...(after === undefined ? {} : { after }) };
    // The shape of every list.
    const page = (await engine.execute(list, input)) as { readonly items: readonly Item[]; readonly next: unknown };
    items.push(...page.items);
    if (page.next === null) return items;
    after = page.next;
  }
}

/** Which attempt of which message took a mail, and for whom. */
const takenBy = (id: string, attempt: number, to: readonly string[]): string =>
  `${id} at ${attempt} for ${to.toSorted().join()}`;

test('kill -9 while a sandbox captures: each accepted message comes to its end, captured as its events tell, for each recipient once', {
  timeout: 60_000 + MAX_KILLS * 12_000,
}, async () => {
  using dir = tempDir();
  const database = dir.file('mail.db');
  const seed = Date.now() % 100_000;
  const random = seededRandom(seed);
  const accepted: string[] = [];
  let kills = 0;
  for (; kills < KILLS || (kills < MAX_KILLS && !isInterrupted(database)); kills++) {
    accepted.push(...(await live([database, String(kills)], 50 + random() * 300)));
  }
  await using engine = await createMailEngine({ config: capturedConfig(database) });
  await engine.start();
  await eventually(async () => expect(await engine.execute('instance.get', {})).toMatchObject({ waiting: 0 }), {
    timeoutMs: 40_000,
  });

  const messages = new Map((await all<Message>(engine, 'messages.list')).map((message) => [message.id, message]));
  // They are numbered a moment later.
  const events = await eventually(async () => {
    const numbered = await all<Event>(engine, 'events.list');
    expect(numbered.filter(({ type }) => type === 'sent')).toHaveLength(messages.size);
    return numbered;
  });
  const captured = await all<Captured>(engine, 'sandbox-messages.list');
  const interrupted = events.filter(({ type }) => type === 'interrupted');
  console.log(
    `captured under kill -9, seed ${seed}: ${kills} kills, ${accepted.length} accepted, ${captured.length} captured, ` +
      `${interrupted.length} interrupted`,
  );
  expect(accepted.filter((id) => messages.get(id)?.result !== 'sent')).toEqual([]);
  expect([...messages.values()].filter(({ state }) => state !== 'final')).toEqual([]);
  expect(accepted.length).toBeGreaterThan(kills);
  expect(interrupted.length).toBeGreaterThan(0);

  const told = events.flatMap(({ message_id, attempt, recipients }) => {
    const to = recipients.filter(({ state }) => state === 'sent').map(({ address }) => address);
    return to.length === 0 ? [] : [takenBy(message_id, attempt, to)];
  });
  const kept = captured.map(({ message_id, attempt, recipients }) => takenBy(message_id, attempt, recipients));
  expect(kept.toSorted()).toEqual(told.toSorted());
  // What is kept is one unit with what tells of it, so that nobody gets a second mail from an attempt that was cut short.
  const served = captured.flatMap(({ message_id, recipients }) => recipients.map((to) => `${message_id} ${to}`));
  expect(new Set(served).size).toBe(served.length);
  expect(served.length).toBe(messages.size * 2);
});
