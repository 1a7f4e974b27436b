// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The engine as a library: durable queue, retries and reports inside your own process, no HTTP, no second service.
// node --conditions=mail-proxy-source examples/embed/main.ts
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMailEngine, type ReportEvent } from '@mail-proxy/core';
import { SMTPServer } from 'smtp-server';

/** If the outcomes have not come by then, something is wrong. */
const PATIENCE_MS = 30_000;

await using cleanUp = new AsyncDisposableStack();

// A relay that takes everything but mail to nobody@. Yours is the SMTP server of your provider.
const relay = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  logger: false,
  hideENHANCEDSTATUSCODES: true,
  onRcptTo({ address }, _session, callback) {
    const refusal = Object.assign(new Error('5.1.1 There is no such mailbox'), { responseCode: 550 });
    callback(address.startsWith('nobody@') ? refusal : null);
  },
  onData(stream, _session, callback) {
    stream.resume().once('end', () => callback(null));
  },
});
cleanUp.defer(() => new Promise((resolve) => relay.close(() => resolve())));
await once(relay.listen(0, '127.0.0.1'), 'listening');
// an address and a port, as it listens on TCP
const { port } = relay.server.address() as AddressInfo;

const folder = await mkdtemp(join(tmpdir(), 'mail-proxy-embed-'));
cleanUp.defer(() => rm(folder, { recursive: true, force: true }));

// Reports come here. A batch is over once this returns; if it throws, the same events come again.
const outcomes = new Map<string, ReportEvent>();
const allTold = Promise.withResolvers<void>();
const reportSink = async (events: readonly ReportEvent[]): Promise<void> => {
  // Events of accounts have no message.
  for (const event of events) if (event.id !== null) outcomes.set(event.id, event);
  if (outcomes.size === 3) allTold.resolve();
};

// The queue lives in a file: what was accepted survives a crash. A postgres:// URL works as well.
const engine = cleanUp.use(await createMailEngine({ config: { database: join(folder, 'mail.db') }, reportSink }));
await engine.start();

await engine.execute('tenants.create', { id: 'shop' });
await engine.execute('accounts.create', { tenant_id: 'shop', id: 'relay', host: '127.0.0.1', port });

const { accepted } = await engine.submit(
  ['anna@example.net', 'bruno@example.net', 'nobody@example.net'].map((to, index) => ({
    id: `order-${index + 1}`,
    from: 'shop@example.com',
    to,
    subject: 'Your order is on its way',
    text: 'It will arrive tomorrow.',
  })),
  { tenantId: 'shop' },
);
console.log(`accepted ${accepted} messages`);

setTimeout(() => allTold.reject(new Error('the outcomes did not come in time')), PATIENCE_MS).unref();
await allTold.promise;
for (const { id, event, recipients } of outcomes.values()) {
  for (const { address, code, reply } of recipients) console.log(`${id}: ${event}, ${address}: ${code} ${reply}`);
}
