// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { TableWorld } from './table-world.case.ts';

/** An input of an operation, about things of the tenant acme that were made for it. */
export interface Row {
  readonly input: (world: TableWorld) => Promise<Readonly<Record<string, unknown>>>;
  /** Fields that name such a thing; one of another tenant has to look as if it did not exist. */
  readonly names?: readonly string[];
  /** Where what was made does not allow it, in place of success. */
  readonly status?: number;
}

const acme = { tenant_id: 'acme' };
const nothing = async (): Promise<Readonly<Record<string, unknown>>> => ({});
const acmeOnly: Row = { input: async () => acme, names: ['tenant_id'] };
const mail = { from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'Hello' };

async function made(world: TableWorld, operation: string, input: object, field: string): Promise<unknown> {
  return (await world.run(operation, { ...acme, ...input }))[field];
}

const ofTenant: Row = {
  input: async (world) => {
    const tenant_id = world.unique();
    await world.run('tenants.create', { id: tenant_id });
    return { tenant_id };
  },
};

const ofAccount = (more: object = {}): Row => ({
  input: async (world) => {
    const account_id = world.unique();
    await world.run('accounts.create', { ...acme, id: account_id, host: '127.0.0.1', port: 1 });
    return { account_id, ...more };
  },
  names: ['account_id'],
});

const ofMessage = (more: object = {}, status?: number): Row => ({
  input: async (world) => ({ message_id: await made(world, 'messages.create', mail, 'pk'), ...more }),
  names: ['message_id'],
  ...(status === undefined ? {} : { status }),
});

const ofKey = (more: object = {}): Row => ({
  input: async (world) => ({ ...acme, key_id: await made(world, 'api-keys.create', KEY, 'id'), ...more }),
  names: ['key_id'],
});
/** Nobody who may make keys has less than this. */
const KEY = { scopes: ['keys:write'] };

const mailbox = { host: '127.0.0.1', port: 1, user: 'u', password: 'p', purposes: ['bounces'] };
const ofMailbox = (more: object = {}): Row => ({
  input: async (world) => ({ mailbox_id: await made(world, 'mailboxes.create', mailbox, 'pk'), ...more }),
  names: ['mailbox_id'],
});

/** Says that it is a receipt, so that it is kept as none. */
const NO_RECEIPT = Buffer.from('X-Ricevuta: accettazione\r\n\r\nhello\r\n').toString('base64');
const ofReceipt: Row = {
  async input(world) {
    const receipt = await made(world, 'pec.receive', { mail_base64: NO_RECEIPT }, 'receipt');
    // As the operation's own schema says.
    return { receipt_id: (receipt as { readonly id: string }).id };
  },
  names: ['receipt_id'],
};

const ofDkimKey: Row = {
  input: async (world) => ({ dkim_key_id: await made(world, 'dkim-keys.create', dkimKey(world), 'pk') }),
  names: ['dkim_key_id'],
};
const dkimKey = (world: TableWorld): object => ({
  domain: `${world.unique()}.example`,
  selector: 'mail',
  generate: 'ed25519',
});

const ofStorage: Row = {
  input: async (world) => {
    const name = world.unique();
    await world.run('storages.create', { ...acme, name, protocol: 'local', config: { base_path: '/srv/mail/acme' } });
    return { storage_id: name };
  },
  names: ['storage_id'],
};

const ofSuppression: Row = {
  input: async (world) => ({
    ...acme,
    address: await made(world, 'suppressions.add', { address: `${world.unique()}@example.org` }, 'address'),
  }),
  names: ['address'],
};

const ofToken = (more: object = {}): Row => ({
  input: async (world) => {
    const { id } = await world.run('instance-tokens.create', { kind: 'metrics' });
    return { token_id: id, ...more };
  },
});

/** One for each operation that there is, core's and the mixins'. */
export const ROWS: Readonly<Record<string, Row>> = {
  'tenants.create': { input: async (world) => ({ id: world.unique() }) },
  'tenants.list': { input: nothing },
  'tenants.get': acmeOnly,
  'tenants.update': { input: async () => ({ ...acme, name: 'Acme' }), names: ['tenant_id'] },
  'tenants.usage': acmeOnly,
  'tenants.update-sending': { input: async () => ({ ...acme, on_in_doubt: 'hold' }), names: ['tenant_id'] },
  'tenants.suspend': ofTenant,
  'tenants.activate': ofTenant,
  'tenants.delete': ofTenant,
  'api-keys.create': { input: async () => ({ ...acme, ...KEY }), names: ['tenant_id'] },
  'api-keys.list': acmeOnly,
  'api-keys.get': ofKey(),
  'api-keys.update': ofKey({ label: 'shop' }),
  'api-keys.rotate': ofKey(),
  'api-keys.revoke': ofKey(),
  'accounts.create': { input: async (world) => ({ id: world.unique(), host: '127.0.0.1', port: 1 }) },
  'accounts.list': { input: nothing },
  'accounts.get': ofAccount(),
  'accounts.update': ofAccount({ max_connections: 3 }),
  'accounts.delete': ofAccount(),
  'accounts.pause': ofAccount({ reason: 'the provider moves' }),
  'accounts.resume': ofAccount(),
  'accounts.verify': ofAccount(),
  'dkim-keys.create': { input: async (world) => ({ ...dkimKey(world) }) },
  'dkim-keys.list': { input: nothing },
  'dkim-keys.get': ofDkimKey,
  'dkim-keys.delete': ofDkimKey,
  'messages.create': { input: async () => mail },
  'messages.create-batch': { input: async () => ({ messages: [mail] }) },
  'messages.get': ofMessage(),
  'messages.list': { input: nothing },
  'messages.events': ofMessage(),
  'messages.cancel': ofMessage(),
  'messages.hold': ofMessage(),
  'messages.release': ofMessage({}, 409),
  'messages.retry': ofMessage({}, 409),
  'messages.confirm': ofMessage({}, 409),
  'messages.reschedule': ofMessage({ send_at: '2999-01-01T00:00:00Z' }),
  'messages.bulk': { input: async (world) => ({ action: 'cancel', filter: { batch_code: world.unique() } }) },
  'messages.remove': { input: async (world) => ({ ids: [world.unique()] }) },
  'messages.prune': { input: nothing },
  'batches.suspend': { input: async (world) => ({ batch_code: world.unique() }) },
  'batches.activate': { input: async (world) => ({ batch_code: world.unique() }) },
  'batches.list': { input: nothing },
  'sandbox-messages.list': { input: nothing },
  // The engine is not started, so nothing was captured.
  'sandbox-messages.get': { input: async () => ({ mail_id: 'none' }), status: 404 },
  'sandbox-messages.download': { input: async () => ({ mail_id: 'none' }), status: 404 },
  'sandbox-messages.download-attachment': { input: async () => ({ mail_id: 'none', position: 0 }), status: 404 },
  'sandbox-messages.delete': { input: async () => ({ mail_id: 'none' }), status: 404 },
  'sandbox-messages.clear': { input: nothing },
  'events.list': { input: nothing },
  'events.given-up': { input: nothing },
  'events.replay': { input: async () => ({ first_seq: 1, last_seq: 2 }) },
  'tenants.reporting': acmeOnly,
  'tenants.sync': acmeOnly,
  'tenants.enable-reporting': acmeOnly,
  'tenants.report-calls': acmeOnly,
  // Those before end at once: there may be five.
  'tenants.rotate-signing-secret': { input: async () => ({ ...acme, overlap_seconds: 0 }), names: ['tenant_id'] },
  'tenants.list-signing-secrets': acmeOnly,
  'tenants.revoke-signing-secret': {
    input: async (world) => ({
      ...acme,
      secret_id: await made(world, 'tenants.rotate-signing-secret', { overlap_seconds: 0 }, 'id'),
    }),
    names: ['tenant_id'],
  },
  'storages.create': {
    input: async (world) => ({ name: world.unique(), protocol: 'local', config: { base_path: '/srv/mail/acme' } }),
  },
  'storages.list': { input: nothing },
  'storages.get': ofStorage,
  'storages.delete': ofStorage,
  'suppressions.add': { input: async (world) => ({ address: `${world.unique()}@example.org` }) },
  'suppressions.import': { input: async (world) => ({ entries: [{ address: `${world.unique()}@example.org` }] }) },
  'suppressions.list': { input: nothing },
  'suppressions.export': { input: nothing },
  'suppressions.check': { input: async () => ({ address: 'nobody@example.org' }) },
  'suppressions.get': ofSuppression,
  'suppressions.remove': ofSuppression,
  'lanes.list': acmeOnly,
  'stats.get': acmeOnly,
  'instance.get': { input: nothing },
  'caller.get': { input: nothing },
  'instance.status': { input: nothing },
  'instance.log-level': { input: nothing },
  'instance.set-log-level': { input: async () => ({ level: 'warn' }) },
  'instance.run-now': { input: nothing },
  // A database in memory is no file.
  'instance.backup': { input: nothing, status: 422 },
  'instance.pause': { input: nothing },
  'instance.resume': { input: nothing },
  'instance-tokens.create': { input: async () => ({ kind: 'metrics' }) },
  'instance-tokens.list': { input: nothing },
  'instance-tokens.get': ofToken(),
  'instance-tokens.rotate': ofToken(),
  'instance-tokens.revoke': ofToken(),
  'keys.status': { input: nothing },
  'keys.rotate': { input: nothing },
  'keys.rotation': { input: nothing },
  'command-log.list': { input: nothing },
  'command-log.export': { input: nothing },
  'command-log.purge': { input: async () => ({ before: '2000-01-01T00:00:00Z' }) },
  // Of mixins, where they are there.
  'table.touch': { input: nothing },
  'mailboxes.create': { input: async () => mailbox },
  'mailboxes.list': { input: nothing },
  'mailboxes.get': ofMailbox(),
  'mailboxes.update': ofMailbox({ name: 'Another' }),
  'mailboxes.delete': ofMailbox(),
  'mailboxes.status': ofMailbox(),
  'mailboxes.check': ofMailbox(),
  'mailboxes.list-mails': ofMailbox(),
  'mailboxes.retry-mail': { ...ofMailbox({ mail_id: 'none' }), status: 404 },
  'pec.receive': { input: async () => ({ mail_base64: NO_RECEIPT }) },
  'pec.list-receipts': { input: nothing },
  'pec.get-receipt': ofReceipt,
  'pec.download-receipt': ofReceipt,
  'pec.status': ofMessage({}, 404),
  'large-attachments.list': { input: nothing },
  'large-attachments.get': { input: async () => ({ link_id: 'none' }), status: 404 },
  'large-attachments.revoke': { input: async () => ({ link_id: 'none' }), status: 404 },
  'bounces.receive': {
    input: async () => ({ mail_base64: Buffer.from('Subject: hello\r\n\r\nhello\r\n').toString('base64') }),
  },
  'bounces.list-unmatched': { input: nothing },
  'bounces.settings': acmeOnly,
  'bounces.update-settings': {
    input: async () => ({ ...acme, return_path_domain: 'b.example.net' }),
    names: ['tenant_id'],
  },
  'bounces.remove-settings': acmeOnly,
  'imap.verify': { input: async () => ({ host: '127.0.0.1', port: 1, user: 'u', password: 'p', timeout_ms: 1_000 }) },
};
