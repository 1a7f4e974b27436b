// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that the kill test kills: an engine that accepts and delivers as fast as it can, and tells on its
// standard output which messages it accepted.
import { createMailEngine, defineMixin } from '@mail-proxy/core';
import { say } from './say.case.ts';

const [database = '', sinkPort = '', filesUrl = '', life = '', mode = ''] = process.argv.slice(2);
const BATCH = 20;
/** Enough that there is always mail on its way when the signal comes, not so much that the end takes minutes. */
const MAX_WAITING = 400;
/** One message in so many has a file to fetch first, and one that a mixin takes out then. */
const FILE_EVERY = 5;
const DETACHED = { filename: 'detached.bin', storage_path: `base64:${Buffer.alloc(30_000).toString('base64')}` };
const DETACH_MS = 5;

/** Takes its time, as if it brought the file elsewhere. */
const detaching = defineMixin({
  id: 'detaching',
  contract: 1,
  setup: () => ({
    hooks: {
      needsPreparing: (_, files) => files.some(({ filename }) => filename === DETACHED.filename),
      async preparing(_, files) {
        await new Promise((resolve) => setTimeout(resolve, DETACH_MS));
        const found = files.filter(({ filename }) => filename === DETACHED.filename);
        return { detach: found.map(({ position }) => ({ position, data: null })) };
      },
    },
  }),
});

await using engine = await createMailEngine({
  mixins: [detaching],
  config: {
    database,
    delivery: { maxSends: 10 },
    retry: { baseMs: 200, maxDelayMs: 1_000 },
    outgoing: { allowPrivateNetworks: true },
  },
});
if (life === '0') {
  // Twice as many sends as connections may run: the ten that the test allows a kill.
  const account = { id: 'main', host: '127.0.0.1', port: Number(sinkPort), tls: 'none', max_connections: 5 };
  await engine.execute('accounts.create', account);
}
await engine.start();
say('started');

const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());

if (mode === 'drain') await drain();
else await submitUntilStopped();
await engine.stop();
say('stopped');

async function submitUntilStopped(): Promise<void> {
  for (let batch = 0; !stopping.signal.aborted; batch++) {
    const messages = Array.from({ length: BATCH }, (_, index) => ({
      id: `${life}-${batch}-${index}`,
      from: 'sender@example.com',
      to: [`recipient-${index}@example.org`],
      subject: `Message ${index}`,
      text: 'A line of text.\n'.repeat(20),
      priority: index % 4,
      ...(index % FILE_EVERY === 0 ? { attachments: [fileOf(`${life}-${batch}-${index}`), DETACHED] } : {}),
    }));
    const { results } = await engine.submit(messages);
    say(
      `accepted ${results.flatMap((one) => (one.status === 'accepted' && one.id !== null ? [one.id] : [])).join(' ')}`,
    );
    while ((await waiting()) > MAX_WAITING && !stopping.signal.aborted)
      await new Promise((resolve) => setImmediate(resolve));
  }
}

function fileOf(id: string): { readonly filename: string; readonly storage_path: string } {
  return { filename: 'file.bin', storage_path: `${filesUrl}/${id}` };
}

async function drain(): Promise<void> {
  while ((await waiting()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function waiting(): Promise<number> {
  const instance = await engine.execute('instance.get', {});
  return typeof instance === 'object' && instance !== null && 'waiting' in instance ? Number(instance.waiting) : 0;
}
