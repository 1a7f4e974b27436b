// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// An engine that is killed as soon as a relay took a certified message. Arguments: database, encryption key, port of the relay.
import { createMailEngine, defineMixin } from '@mail-proxy/core';
import { mixins } from '../src/index.ts';

const [, , database = '', encryptionKey = '', port = ''] = process.argv;

const killer = defineMixin({
  id: 'killer',
  contract: 1,
  setup: () => ({ hooks: { delivered: () => void process.kill(process.pid, 'SIGKILL') } }),
});

const engine = await createMailEngine({ mixins: [...mixins, killer], config: { database, encryptionKey } });
for (const tenant_id of ['acme', 'other']) {
  await engine.execute('tenants.create', { id: tenant_id });
  const relay = { tenant_id, id: 'pec', host: '127.0.0.1', port: Number(port), tls: 'none' };
  await engine.execute('accounts.create', { ...relay, pec: true });
}
await engine.start();
const mail = { from: 'shop@pec.example.com', to: ['anna@pec.example.org'], subject: 'm1', text: 'Salve.\n' };
await engine.submit([{ id: 'm1', ...mail }], { tenantId: 'acme' });
// It is killed before.
setTimeout(() => process.exit(1), 45_000);
