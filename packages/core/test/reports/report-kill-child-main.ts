// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that the test of kills amid reports kills: an engine that accepts, delivers and reports as fast as it can.
import { createMailEngine } from '@mail-proxy/core';
import { say } from '../say.case.ts';

const [database = '', relayPort = '', endpoint = '', life = '', mode = ''] = process.argv.slice(2);
const BATCH = 5;
const MAX_WAITING = 50;
const TENANT = 'default';

await using engine = await createMailEngine({
  config: {
    database,
    outgoing: { allowPrivateNetworks: true },
    // Many calls of a few events each, so that one is always under way.
    reports: { maxBatch: 3 },
  },
});
if (life === '0') {
  const account = { id: 'main', host: '127.0.0.1', port: Number(relayPort), tls: 'none' };
  await engine.execute('accounts.create', account);
  await engine.execute('tenants.update', { tenant_id: TENANT, client_base_url: endpoint });
}
await engine.start();
say('started');
if (mode === 'drain') await drain();
else await submitForEver();
await engine.stop();

async function submitForEver(): Promise<never> {
  for (let batch = 0; ; batch++) {
    const messages = Array.from({ length: BATCH }, (_, index) => ({
      id: `${life}-${batch}-${index}`,
      from: 'sender@example.com',
      to: [`recipient-${index}@example.org`],
      subject: 'Message',
      text: 'Text.',
    }));
    const { results } = await engine.submit(messages);
    say(
      `accepted ${results.flatMap(({ id, status }) => (status === 'accepted' && id !== null ? [id] : [])).join(' ')}`,
    );
    while ((await waiting()) > MAX_WAITING) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Until all is sent and told, then tell every event there is. */
async function drain(): Promise<void> {
  for (;;) {
    // By the output schemas of the operations.
    const state = (await engine.execute('tenants.reporting', { tenant_id: TENANT })) as { readonly waiting: number };
    const instance = (await engine.execute('instance.get', {})) as { readonly waiting: number };
    if (instance.waiting === 0 && state.waiting === 0 && (await unnumbered()) === 0) break;
    await engine.execute('tenants.sync', { tenant_id: TENANT });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (let after = 0; ; ) {
    const page = (await engine.execute('events.list', { tenant_id: TENANT, after, limit: 1_000 })) as EventPage;
    const lines = page.items.map(({ id, seq, message_id }) => `event ${id} ${seq} ${message_id}\n`).join('');
    await new Promise((resolve) => process.stdout.write(lines, resolve));
    if (page.next === null) return;
    after = Number(page.next);
  }
}

interface EventPage {
  readonly items: readonly { readonly id: string; readonly seq: number; readonly message_id: string }[];
  readonly next: string | null;
}

/** Messages that are final and whose last event has no number yet. */
async function unnumbered(): Promise<number> {
  const { items } = (await engine.execute('messages.list', { limit: 100 })) as { items: readonly { id: string }[] };
  const histories = await Promise.all(items.map(({ id }) => engine.execute('messages.events', { message_id: id })));
  return (histories as { items: readonly { seq: number | null }[] }[]).filter((history) =>
    history.items.some(({ seq }) => seq === null),
  ).length;
}

async function waiting(): Promise<number> {
  const instance = await engine.execute('instance.get', {});
  return typeof instance === 'object' && instance !== null && 'waiting' in instance ? Number(instance.waiting) : 0;
}
