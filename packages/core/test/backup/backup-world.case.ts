// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createMailEngine, isAsyncIterable, type MailEngine } from '@mail-proxy/core';

/** An engine on a file, with an account at a relay of the test, that sends nothing before it is started. */
export async function openOn(database: string, relay?: { readonly port: number }): Promise<MailEngine> {
  const engine = await createMailEngine({ config: { database } });
  if (relay === undefined) return engine;
  const account = { id: 'main', host: '127.0.0.1', port: relay.port, tls: 'none', user: null };
  await engine.execute('accounts.create', account);
  return engine;
}

export async function submit(engine: MailEngine, ...ids: readonly string[]): Promise<void> {
  await engine.submit(
    ids.map((id) => ({ id, from: 'a@example.com', to: `${id}@example.org`, subject: id, text: 'Hello' })),
  );
}

/** Write the engine's database of this moment into a file. */
export async function backUp(engine: MailEngine, file: string): Promise<void> {
  const pieces = await engine.execute('instance.backup', {});
  if (!isAsyncIterable(pieces)) throw new TypeError('a backup comes in pieces');
  await pipeline(Readable.from(pieces), createWriteStream(file));
}

/** The client's ids of all messages, in order. */
export async function idsIn(database: string): Promise<readonly string[]> {
  await using engine = await openOn(database);
  return await idsOf(engine);
}

export async function idsOf(engine: MailEngine): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ; ) {
    // The shape of a page of messages.
    const page = (await engine.execute('messages.list', { limit: 1_000, after })) as {
      readonly items: readonly { readonly id: string }[];
      readonly next: string | null;
    };
    ids.push(...page.items.map(({ id }) => id));
    if (page.next === null) return ids.toSorted();
    after = page.next;
  }
}
