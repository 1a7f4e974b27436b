// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailEngine } from '@mail-proxy/core';
import { eventually, type SmtpReply, startReportReceiver, startSmtpSink } from '@mail-proxy/testkit';
import type { WebFiles } from '../../src/dashboard/web-files.ts';
import { ADMIN_TOKEN, serveApp } from '../served-app.case.ts';
import { hostileMail, niceMail } from './seeded-mail.case.ts';

/** A server with something of everything that its pages show. */
export interface SeededServer extends AsyncDisposable {
  readonly url: string;
  readonly engine: MailEngine;
  readonly adminToken: string;
  /** Keys of the tenant acme: one for everything, one that reads messages and not what they say. */
  readonly acmeKey: string;
  readonly readerKey: string;
  /** Reaches the sandbox of acme only. */
  readonly testKey: string;
}

export interface SeedOptions {
  /** @defaultValue in memory */
  readonly database?: string;
}

type Run = (operation: string, input: object) => Promise<Record<string, unknown>>;

const ACME = { tenant_id: 'acme' };
const FROM = 'Acme Shop <orders@acme.example>';

/** Start it with relays that take most mail, and wait until what can end has ended. */
export async function startSeededServer(
  dashboard: WebFiles,
  { database = ':memory:' }: SeedOptions = {},
): Promise<SeededServer> {
  await using opened = new AsyncDisposableStack();
  const relay = opened.use(await startSmtpSink({ onRcpt: judge }));
  const closed = opened.use(await startSmtpSink({ users: { news: 'another-password' } }));
  const receiver = opened.use(await startReportReceiver());
  const app = opened.use(
    await serveApp(
      { dashboard },
      {
        database,
        outgoing: { allowPrivateNetworks: true },
        delivery: { ehloName: 'mail.acme.example' },
        // Nothing that failed is tried again while somebody looks at it.
        retry: { baseMs: 600_000, maxDelayMs: 3_600_000 },
      },
    ),
  );
  const { engine } = app;
  const run: Run = async (operation, input) => Object(await engine.execute(operation as never, input as never));

  await run('tenants.create', { id: 'acme', name: 'Acme Ltd', client_base_url: receiver.url });
  await run('tenants.create', { id: 'globex', name: 'Globex Corporation' });
  await run('tenants.create', { id: 'initech', name: 'Initech' });
  await run('tenants.suspend', { tenant_id: 'initech' });
  await addAccounts(run, { open: relay.port, closed: closed.port });
  await engine.start();
  await addMessages(run);
  await run('suppressions.add', { ...ACME, address: 'gone@example.org', reason: 'hard_bounce', note: '550 5.1.1' });
  await run('suppressions.add', { ...ACME, address: 'ada@example.net', reason: 'unsubscribe' });
  await run('suppressions.add', { ...ACME, address: '@stale.example', reason: 'manual', note: 'no longer a customer' });
  const key = async (input: object) => String((await run('api-keys.create', { ...ACME, ...input }))['api_key']);
  const acmeKey = await key({ label: 'shop' });
  const testKey = await key({ label: 'tests', mode: 'test' });
  const readerKey = await key({ label: 'support desk', scopes: ['messages:read', 'suppressions:read'] });
  await settled(run);
  const resources = opened.move();
  return {
    url: app.url,
    engine,
    adminToken: ADMIN_TOKEN,
    acmeKey,
    readerKey,
    testKey,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** What becomes of an address at the relay is said by its name. */
function judge(address: string): SmtpReply | null {
  if (address.startsWith('nobody')) return { code: 550, text: '5.1.1 No such user here' };
  if (address.startsWith('full')) return { code: 452, text: '4.2.2 The mailbox is full, try again later' };
  return null;
}

async function addAccounts(run: Run, ports: { readonly open: number; readonly closed: number }): Promise<void> {
  const account = (id: string, more: object = {}) =>
    run('accounts.create', { ...ACME, id, host: '127.0.0.1', port: ports.open, tls: 'none', ...more });
  await account('transactional', { is_default: true, limit_per_minute: 300, limit_per_day: 20_000 });
  await account('newsletter', { limit_per_hour: 10 });
  await account('branch-office', { port: ports.closed, user: 'news', password: 'wrong-password' });
  await run('accounts.create', { ...ACME, id: 'sandbox', type: 'sandbox' });
  await account('globex-main', { tenant_id: 'globex', limit_per_day: 5_000 });
  await account('initech-main', { tenant_id: 'initech' });
}

async function addMessages(run: Run): Promise<void> {
  const send = (id: string, to: string | readonly string[], more: object = {}) =>
    run('messages.create', { ...ACME, id, from: FROM, to, subject: `About ${id}`, text: 'Hello.\n', ...more });
  const inAMonth = new Date(Date.now() + 30 * 86_400_000).toISOString();

  for (let order = 4_701; order < 4_711; order++) await send(`order-${order}`, 'ada@example.org', niceMail(order));
  await send('order-4711', 'ada@example.org', niceMail(4_711));
  await send('hostile', 'eve@example.org', hostileMail());
  // Once one has failed, no more are taken for its address.
  await send('invoice-2004', 'nobody@example.org', { send_at: inAMonth });
  await send('invoice-2001', 'nobody@example.org', { priority: 'high' });
  await send('invoice-2002', ['ada@example.org', 'nobody.else@example.org']);
  await send('invoice-2003', 'full@example.org');
  await send('statement-1', 'grace@example.org', { send_at: inAMonth });
  await send('statement-2', 'grace@example.org', { send_at: inAMonth });
  await run('messages.hold', { ...ACME, message_id: 'statement-2' });
  await send('statement-3', 'grace@example.org', { send_at: inAMonth });
  await run('messages.cancel', { ...ACME, message_id: 'statement-3' });
  await send('branch-1', 'ada@example.org', { account_id: 'branch-office' });
  await send('branch-2', 'ada@example.org', { account_id: 'branch-office' });
  const news = { account_id: 'newsletter', batch_code: 'spring-news', priority: 'low' };
  for (let n = 1; n <= 24; n++) await send(`news-${n}`, `reader${n}@example.com`, news);
  await run('batches.suspend', { ...ACME, batch_code: 'summer-news' });
  for (let n = 1; n <= 3; n++) {
    await send(`summer-${n}`, `reader${n}@example.com`, { ...news, batch_code: 'summer-news' });
  }
  for (let n = 1; n <= 3; n++) {
    await send(`globex-secret-${n}`, 'hank@example.net', {
      ...{ tenant_id: 'globex', from: 'info@globex.example', subject: 'Globex only', text: 'Project Scorpio' },
    });
  }
  await send('captured-order', 'ada@example.org', { ...niceMail(4_712), account_id: 'sandbox' });
  await send('captured-hostile', 'eve@example.org', { ...hostileMail(), account_id: 'sandbox' });
  await send('captured-refused', 'hardbounce@simulate.invalid', { account_id: 'sandbox' });
  await send('initech-1', 'peter@example.net', { tenant_id: 'initech', from: 'hr@initech.example' });
}

/** All that a relay takes or refuses at once is over, and the account that it does not let in is paused. */
async function settled(run: Run): Promise<void> {
  const list = async (filter: object) => Object((await run('messages.list', { limit: 1_000, ...filter }))['items']);
  await eventually(async () => {
    const sent = await list({ result: 'sent' });
    const { paused_until } = await run('accounts.get', { ...ACME, account_id: 'branch-office' });
    const { waiting } = await run('tenants.reporting', ACME);
    const standing = {
      sent: sent.length,
      failed: (await list({ result: 'failed' })).length,
      isPaused: paused_until !== null,
    };
    const isOver = standing.sent === 12 + 10 + 3 + 2 && standing.failed === 2 && standing.isPaused && waiting === 0;
    if (!isOver) throw new Error(`not yet: ${JSON.stringify({ ...standing, waiting })}`);
  });
}
