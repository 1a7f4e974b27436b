// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// An application's endpoint for reports: it verifies signatures, takes each event once, and sends mail by its answers.
// node --conditions=mail-proxy-source examples/receiver/main.ts
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMailEngine, type MessageInput } from '@mail-proxy/core';
import { SMTPServer } from 'smtp-server';
import { createReceiver } from './receiver.ts';

/** If it is not over by then, something is wrong. */
const PATIENCE_MS = 60_000;
const TENANT = 'shop';

await using cleanUp = new AsyncDisposableStack();

const relay = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  logger: false,
  onData(stream, _session, callback) {
    stream.resume().once('end', () => callback(null));
  },
});
cleanUp.defer(() => new Promise((resolve) => relay.close(() => resolve())));
await once(relay.listen(0, '127.0.0.1'), 'listening');

const folder = await mkdtemp(join(tmpdir(), 'mail-proxy-receiver-'));
cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
const engine = cleanUp.use(
  await createMailEngine({
    // The endpoint of this example is on this machine; yours is not.
    config: { database: join(folder, 'mail.db'), outgoing: { allowedHosts: ['127.0.0.1'] } },
  }),
);
await engine.start();
await engine.execute('tenants.create', { id: TENANT });
const { port } = addressOf(relay.server);
await engine.execute('accounts.create', { tenant_id: TENANT, id: 'relay', host: '127.0.0.1', port, tls: 'none' });

// Shown this once. A new one, made later, signs beside it for a day.
const { secret } = (await engine.execute('tenants.rotate-signing-secret', { tenant_id: TENANT })) as { secret: string };

// An order is confirmed; once that was sent, a survey follows; once that was sent, it is over.
const survey: MessageInput = {
  id: 'survey-1',
  from: 'shop@example.com',
  to: ['anna@example.net'],
  subject: 'How do you like it?',
  text: 'Tell us.',
};
const sent: string[] = [];
const outbox: MessageInput[] = [];
const over = Promise.withResolvers<void>();
let isBusy = true;
const receiver = createReceiver({
  secrets: [secret],
  onEvent(event) {
    if (event.event !== 'sent' || event.id === null) return 'done';
    if (isBusy) {
      isBusy = false;
      console.log(`${event.id}: not now`);
      // It comes again by itself, in a minute or so; run-now does not wait.
      setTimeout(() => engine.execute('tenants.sync', { tenant_id: TENANT }).catch(over.reject), 500);
      return 'later';
    }
    console.log(`${event.id}: sent`);
    sent.push(event.id);
    if (event.id === 'order-1') outbox.push(survey);
    if (event.id === survey.id) over.resolve();
    return 'done';
  },
  // Until it was sent: what was lost on the way is given again, and nothing is sent twice.
  outbox: () => outbox.filter(({ id }) => id === undefined || !sent.includes(id)),
});
cleanUp.defer(() => new Promise((resolve) => receiver.close(() => resolve())));
await once(receiver.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${addressOf(receiver).port}`;
await engine.execute('tenants.update', { tenant_id: TENANT, client_base_url: url });

const forged = await fetch(url, { method: 'POST', body: '{"delivery_report":[]}' });
assert.equal(forged.status, 401);

await engine.submit([{ ...survey, id: 'order-1', subject: 'Your order is on its way' }], { tenantId: TENANT });
setTimeout(() => over.reject(new Error('it did not end in time')), PATIENCE_MS).unref();
await over.promise;
assert.deepEqual(sent, ['order-1', 'survey-1']);
receiver.closeAllConnections();
await engine.stop();

function addressOf(server: Pick<Server, 'address'>): AddressInfo {
  // It listens on TCP.
  return server.address() as AddressInfo;
}
