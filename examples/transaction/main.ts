// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Mail that is part of a transaction: the order and its confirmation commit together, or neither does. The engine uses
// the pool of the application, and keeps its tables in a schema of their own.
// node --conditions=mail-proxy-source examples/transaction/main.ts
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createMailEngine, type MailEngine, type ReportEvent } from '@mail-proxy/core';
import { startPostgres, type TestPostgres } from '@mail-proxy/testkit';
import pg from 'pg';
import { SMTPServer } from 'smtp-server';

/** If the confirmation has not gone out by then, something is wrong. */
const PATIENCE_MS = 30_000;

await using cleanUp = new AsyncDisposableStack();

const postgres = await findPostgres();
if (postgres === null) process.exit(0);
cleanUp.use(postgres);

// A relay that takes everything. Yours is the SMTP server of your provider.
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
// an address and a port, as it listens on TCP
const { port } = relay.server.address() as AddressInfo;

// Your pool: the engine borrows connections from it, and leaves it open. With `pipeline` its writes cost fewer round trips.
const pool = new pg.Pool({ connectionString: postgres.url, pipeline: true });
// Without a listener, node-postgres ends the process when an idle connection breaks.
pool.on('error', () => undefined);
cleanUp.defer(() => pool.end());
await pool.query('create table orders (id text primary key, customer text not null)');

const sent = Promise.withResolvers<ReportEvent>();
const engine = cleanUp.use(
  await createMailEngine({
    config: {
      database: pool,
      postgres: { schema: 'mail' },
      // All instances share one key. Make yours with: openssl rand -base64 32
      encryptionKey: Buffer.alloc(32, 'an example, and no secret').toString('base64'),
    },
    reportSink: async (events) => {
      for (const event of events) if (event.event === 'sent') sent.resolve(event);
    },
  }),
);
await engine.start();
await engine.execute('accounts.create', { id: 'relay', host: '127.0.0.1', port });

// The stock is out: the transaction is undone, and no mail goes out.
await order(engine, { id: 'order-1', customer: 'anna@example.net', isInStock: false });
await order(engine, { id: 'order-2', customer: 'bruno@example.net', isInStock: true });

setTimeout(() => sent.reject(new Error('the confirmation did not go out in time')), PATIENCE_MS).unref();
const { id, recipients } = await sent.promise;
console.log(`sent: ${id} to ${recipients.map(({ address }) => address).join(', ')}`);
const orders = await pool.query<{ id: string }>('select id from orders');
const messages = await pool.query<{ id: string }>('select id from mail.messages');
console.log(`orders: ${orders.rows.map((row) => row.id).join(', ')}`);
console.log(`mail: ${messages.rows.map((row) => row.id).join(', ')}`);
if (orders.rows.length !== 1 || messages.rows.length !== 1) throw new Error('an order and its mail went apart');

/** Store an order and its confirmation. */
async function order(
  mailEngine: MailEngine,
  { id, customer, isInStock }: { readonly id: string; readonly customer: string; readonly isInStock: boolean },
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('insert into orders (id, customer) values ($1, $2)', [id, customer]);
    const confirmation = { id, from: 'shop@example.com', to: customer, subject: 'Your order', text: `We have ${id}.` };
    const mail = await mailEngine.submit([confirmation], { transaction: client });
    if (!isInStock) throw new Error('out of stock');
    await client.query('commit');
    // It is stored, so it will go out. This tells the engine that it may at once.
    mail.committed();
    console.log(`${id}: committed`);
  } catch (error) {
    await client.query('rollback');
    console.log(`${id}: undone, ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    client.release();
  }
}

/** A server for this example alone; null, with the reason printed, where none can run. Under CI there has to be one. */
async function findPostgres(): Promise<TestPostgres | null> {
  try {
    return await startPostgres();
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    console.log(`skipped: PostgreSQL does not start: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
