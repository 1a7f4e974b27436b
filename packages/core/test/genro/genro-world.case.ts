// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// A genro-mail-proxy with everything that 0.7 has a place for, and the engine that takes it over.
import { createHash, createSecretKey } from 'node:crypto';
import {
  createMailEngine,
  type GenroImportOptions,
  type GenroImportResult,
  importGenro,
  type MailEngine,
} from '@mail-proxy/core';
import { createDatabase, type TempDir, tempDir } from '@mail-proxy/testkit';
import { inject } from 'vitest';
import { type GenroDatabase, OLD_KEY, payloadOf, sealedByGenro, stamp } from './genro-source.case.ts';

const KEY = Buffer.alloc(32, 1).toString('base64');
export const NOW = Math.floor(Date.now() / 1_000);
export const HOUR = 3_600;
export const TENANT_KEY = 'q'.repeat(43);
export const USERS = { relay: 'p455w0rd' };

export const sourceKey = createSecretKey(OLD_KEY);
export const configOf = (database: string) => ({
  database,
  encryptionKey: KEY,
  outgoing: { allowPrivateNetworks: true },
  reports: { intervalMs: 1_000 },
});
export const openEngine = (database: string): Promise<MailEngine> => createMailEngine({ config: configOf(database) });

export function importFrom(
  { address }: GenroDatabase,
  database: string,
  more: Partial<GenroImportOptions> = {},
): Promise<GenroImportResult> {
  return importGenro({ config: configOf(database), source: address, sourceKey, ...more });
}

export const isoOf = (seconds: number): string => new Date(seconds * 1_000).toISOString();

/** Lines of a page of an operation. */
export async function listOf(
  engine: MailEngine,
  operation: string,
  input: object = {},
): Promise<readonly Record<string, unknown>[]> {
  return ((await engine.execute(operation, { limit: 1_000, ...input })) as { items: Record<string, unknown>[] }).items;
}

interface Ends {
  readonly smtpPort: number;
  readonly reportUrl: string;
}

/** Everything that 0.7 has a place for. */
export async function fill(source: GenroDatabase, { smtpPort, reportUrl }: Ends, hasStorages: boolean): Promise<void> {
  await source.insert(
    'tenants',
    {
      id: 'acme',
      name: 'Acme',
      client_auth: JSON.stringify({ method: 'bearer', token: 'report-token' }),
      client_base_url: reportUrl,
      client_sync_path: 'proxy_sync',
      rate_limits: JSON.stringify({ hourly: 500, daily: 0 }),
      suspended_batches: 'promo,news',
      api_key_hash: createHash('sha256').update(TENANT_KEY).digest('hex'),
    },
    { id: 'idle', name: 'Idle', active: 0 },
    { id: 'paused', suspended_batches: '*' },
  );
  await source.insert(
    'accounts',
    {
      pk: 'Z1',
      id: 'main',
      tenant_id: 'acme',
      host: '127.0.0.1',
      port: smtpPort,
      user: 'relay',
      password: sealedByGenro(USERS.relay),
      use_tls: 0,
      limit_per_hour: 100,
      limit_per_day: 0,
      limit_behavior: 'reject',
    },
    { pk: 'Z2', id: 'main', tenant_id: 'paused', host: 'smtp.example.com', port: 465, user: 'half' },
    {
      pk: 'Z3',
      id: 'pec',
      tenant_id: 'acme',
      host: 'smtp.example.com',
      port: 587,
      user: 'u',
      password: 'ENC:plain-after-all',
      use_tls: 1,
      is_pec_account: 1,
      imap_host: 'imap.example.com',
      imap_password: sealedByGenro('imap-secret'),
    },
  );
  const row = (pk: string, id: string, more: object = {}) => ({
    pk,
    id,
    tenant_id: 'acme',
    account_id: 'main',
    account_pk: 'Z1',
    payload: payloadOf(id),
    created_at: stamp(NOW - 2 * HOUR),
    ...more,
  });
  const deferred = JSON.stringify({
    pk: 'Zc',
    id: 'greylisted',
    tenant_id: 'acme',
    retry_count: 1,
    message: JSON.parse(payloadOf('greylisted', { retry_count: 2 })),
  });
  const file = {
    filename: '../in/voice.txt',
    storage_path: `base64:${Buffer.from('due: 5').toString('base64')}`,
    fetch_mode: 'base64',
  };
  await source.insert(
    'messages',
    row('Za', 'waiting', {
      priority: 1,
      payload: payloadOf('waiting', { attachments: [file], headers: { 'X-Shop': 7, From: 'else@example.com' } }),
    }),
    row('Zb', 'later', { deferred_ts: NOW + 48 * HOUR, priority: 3 }),
    row('Zc', 'greylisted', {
      deferred_ts: NOW - 60,
      payload: JSON.stringify({ pk: 'Zc', message: JSON.parse(deferred) }),
    }),
    row('Zd', 'in-promo', { batch_code: 'promo' }),
    row('Ze', 'sent', { smtp_ts: NOW - HOUR }),
    row('Zf', 'failed', { smtp_ts: NOW - HOUR, payload: payloadOf('failed', { from: 'nobody' }) }),
    row('Zg', 'told', { smtp_ts: NOW - HOUR }),
    row('Zh', 'gone', { account_id: 'deleted', account_pk: 'Z9' }),
    row('Zi', 'gone-and-sent', { account_id: 'deleted', account_pk: 'Z9', smtp_ts: NOW - HOUR }),
    row('Zj', 'unreadable', { payload: 'not json' }),
  );
  const event = (message_pk: string, event_type: string, more: object = {}) => ({
    message_pk,
    event_type,
    event_ts: NOW - HOUR,
    ...more,
  });
  await source.insert(
    'message_events',
    event('Zb', 'deferred', { description: 'rate_limit', metadata: JSON.stringify({ deferred_ts: NOW + 48 * HOUR }) }),
    event('Ze', 'sent'),
    event('Zf', 'error', {
      description: '550 no such user',
      metadata: JSON.stringify({ smtp_code: 550, retry_count: 0 }),
    }),
    event('Zg', 'sent', { reported_ts: NOW - 60 }),
    event('sent', 'bounce', {
      event_ts: NOW - 30,
      description: 'mailbox full',
      metadata: JSON.stringify({ bounce_type: 'soft', bounce_code: '452' }),
    }),
    event('never-was', 'bounce', { description: 'user unknown' }),
    event('Ze', 'pec_acceptance', { metadata: JSON.stringify({ pec_timestamp: '2026-01-01T10:00:00Z', list: [1] }) }),
  );
  await source.insert(
    'command_log',
    {
      command_ts: NOW - HOUR,
      endpoint: 'suspend',
      tenant_id: 'acme',
      payload: JSON.stringify({ tenant_id: 'acme', batch_code: 'promo' }),
      response_status: 200,
    },
    {
      command_ts: NOW - HOUR,
      endpoint: 'addAccount',
      tenant_id: 'acme',
      payload: JSON.stringify({ id: 'main', password: 'in-the-clear' }),
      response_status: 400,
    },
  );
  await source.insert('instance', {
    id: 1,
    api_token: 'operator-token',
    bounce_enabled: 1,
    bounce_imap_host: 'imap.example.com',
    bounce_imap_user: 'b',
    bounce_imap_password: sealedByGenro('bounce-secret'),
  });
  if (!hasStorages) return;
  await source.insert(
    'storages',
    {
      pk: 'Zs',
      tenant_id: 'acme',
      name: 'files',
      protocol: 'local',
      config: sealedByGenro(JSON.stringify({ base_path: '/srv/files/acme', public_base_url: 'https://x' })),
    },
    {
      pk: 'Zt',
      tenant_id: 'acme',
      name: 'cloud',
      protocol: 'gcs',
      config: sealedByGenro(JSON.stringify({ bucket: 'b' })),
    },
  );
}

/** The new database is of the same kind as the source. */
export async function targetOf(kind: string): Promise<AsyncDisposable & { readonly database: string }> {
  if (kind === 'PostgreSQL') {
    const made = await createDatabase(inject('pgUrl') ?? '');
    return { database: made.url, [Symbol.asyncDispose]: () => made.drop() };
  }
  const dir: TempDir = tempDir();
  return { database: dir.file('new.db'), [Symbol.asyncDispose]: async () => dir[Symbol.dispose]() };
}
