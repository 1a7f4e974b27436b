// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** An input worth showing. */
export type Example = Readonly<Record<string, unknown>>;

/**
 * Inputs for the reference and the help of the command line, by operation. Each is checked against its operation by
 * a test; an operation without one is shown with its required fields.
 */
const EXAMPLES: Readonly<Record<string, Example>> = {
  'tenants.create': { id: 'acme', name: 'Acme Ltd', client_base_url: 'https://acme.example' },
  'tenants.get': { tenant_id: 'acme' },
  'tenants.update': { tenant_id: 'acme', client_sync_path: '/mail-proxy/sync' },
  'tenants.update-sending': { tenant_id: 'acme', on_in_doubt: 'hold' },
  'tenants.suspend': { tenant_id: 'acme' },
  'tenants.activate': { tenant_id: 'acme' },
  'tenants.delete': { tenant_id: 'acme' },
  'api-keys.create': { tenant_id: 'acme', label: 'web shop', scopes: ['messages:send', 'messages:read'] },
  'api-keys.list': { tenant_id: 'acme' },
  'api-keys.get': { tenant_id: 'acme', key_id: '0197a2b45c6d7e8f9a0b1c2d3e4f5a6b' },
  'api-keys.update': { tenant_id: 'acme', key_id: '0197a2b45c6d7e8f9a0b1c2d3e4f5a6b', senders: ['shop.example'] },
  'api-keys.rotate': { tenant_id: 'acme', key_id: '0197a2b45c6d7e8f9a0b1c2d3e4f5a6b', overlap_seconds: 3_600 },
  'api-keys.revoke': { tenant_id: 'acme', key_id: '0197a2b45c6d7e8f9a0b1c2d3e4f5a6b' },
  'instance.set-log-level': { level: 'debug' },
  'instance-tokens.create': { kind: 'metrics', label: 'prometheus' },
  'instance-tokens.get': { token_id: '0197a2b45c6d7e8f9a0b1c2d3e4f5a6b' },
  'instance-tokens.rotate': { token_id: '0197a2b45c6d7e8f9a0b1c2d3e4f5a6b', overlap_seconds: 3_600 },
  'instance-tokens.revoke': { token_id: '0197a2b45c6d7e8f9a0b1c2d3e4f5a6b' },
  'command-log.purge': { before: '2026-01-01T00:00:00Z' },
  'accounts.create': {
    id: 'main',
    host: 'smtp.example.net',
    port: 587,
    user: 'orders@shop.example',
    password: 'a-long-password',
  },
  'accounts.get': { account_id: 'main' },
  'accounts.update': { account_id: 'main', limit_per_minute: 100, limit_per_day: 20_000 },
  'accounts.pause': { account_id: 'main', until: '2030-01-31T09:00:00Z', reason: 'the provider moves' },
  'accounts.resume': { account_id: 'main' },
  'accounts.verify': { account_id: 'main' },
  'accounts.delete': { account_id: 'main' },
  'dkim-keys.create': { domain: 'shop.example', selector: '2026-a', generate: 'rsa' },
  'dkim-keys.list': { limit: 20 },
  'dkim-keys.get': { dkim_key_id: '0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b' },
  'dkim-keys.delete': { dkim_key_id: '0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b' },
  'messages.create': {
    id: 'order-4711',
    from: 'Shop <orders@shop.example>',
    to: 'ada@example.org',
    subject: 'Your order 4711',
    text: 'Thank you.',
  },
  'messages.create-batch': {
    messages: [
      { id: 'news-1', from: 'news@shop.example', to: 'ada@example.org', subject: 'News', text: 'Hello Ada.' },
      { id: 'news-2', from: 'news@shop.example', to: 'alan@example.org', subject: 'News', text: 'Hello Alan.' },
    ],
    default_priority: 'low',
  },
  'messages.get': { message_id: 'order-4711' },
  'messages.list': { state: 'deferred', limit: 20 },
  'messages.cancel': { message_id: 'order-4711' },
  'messages.hold': { message_id: 'order-4711' },
  'messages.release': { message_id: 'order-4711' },
  'messages.retry': { message_id: 'order-4711' },
  'messages.reschedule': { message_id: 'order-4711', send_at: '2030-01-31T09:00:00Z' },
  'messages.confirm': { message_id: 'order-4711' },
  'messages.bulk': { action: 'cancel', filter: { batch_code: 'news-2030-01' }, dry_run: true },
  'messages.remove': { ids: ['order-4711', 'order-4712'] },
  'messages.prune': { older_than_seconds: 604_800 },
  'batches.suspend': { batch_code: 'news-2030-01' },
  'batches.activate': { batch_code: 'news-2030-01' },
  'batches.list': { limit: 20 },
  'sandbox-messages.list': { recipient: 'ada@example.org', limit: 20 },
  'sandbox-messages.get': { mail_id: '0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b' },
  'sandbox-messages.download': { mail_id: '0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b' },
  'sandbox-messages.download-attachment': { mail_id: '0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b', position: 0 },
  'sandbox-messages.delete': { mail_id: '0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b' },
  'sandbox-messages.clear': { account_id: 'sandbox' },
  'messages.events': { message_id: 'order-4711' },
  'events.list': { tenant_id: 'default', after: 0 },
  'suppressions.add': { address: 'bob@example.org', reason: 'unsubscribe', note: 'asked by phone' },
  'suppressions.import': { entries: [{ address: 'bob@example.org' }, { address: '@gone.example' }] },
  'suppressions.list': { reason: 'complaint', limit: 20 },
  'suppressions.export': { domain: 'example.org' },
  'suppressions.check': { address: 'bob@example.org' },
  'suppressions.get': { address: 'bob@example.org' },
  'suppressions.remove': { address: 'bob@example.org' },
  'lanes.list': { state: 'waiting', limit: 20 },
  'stats.get': { minutes: 60 },
  'storages.create': { name: 'invoices', protocol: 'http', config: { base_url: 'https://files.shop.example' } },
  'storages.get': { storage_id: 'invoices' },
  'storages.delete': { storage_id: 'invoices' },
};

export function exampleOf(operation: string): Example | undefined {
  return EXAMPLES[operation];
}
