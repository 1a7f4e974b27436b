// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The tables of genro-mail-proxy, as its versions made them.

/**
 * Which tables a source has: those of 0.7 and of 0.6, and of 0.6 as it began: with numbers as keys of messages, with events
 * that name messages by their ids, and with neither events nor tenants of messages.
 */
export const GENRO_VERSIONS = ['0.7', '0.6', '0.6 numbered', '0.6 by id', '0.6 without events'] as const;
export type GenroVersion = (typeof GENRO_VERSIONS)[number];

type Columns = readonly string[];

const STAMPS: Columns = [
  'created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP',
  'updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP',
];

const tenants: Columns = [
  'id TEXT PRIMARY KEY',
  'name TEXT',
  'client_auth TEXT',
  'client_base_url TEXT',
  'client_sync_path TEXT',
  'client_attachment_path TEXT',
  'rate_limits TEXT',
  'active INTEGER DEFAULT 1',
  ...STAMPS,
];

const tenantsSince: Columns = [
  ...tenants,
  'large_file_config TEXT',
  'suspended_batches TEXT',
  'api_key_hash TEXT',
  'api_key_expires_at TIMESTAMP',
];

const account: Columns = [
  'host TEXT NOT NULL',
  'port INTEGER NOT NULL',
  '"user" TEXT',
  'password TEXT',
  'ttl INTEGER DEFAULT 300',
  'limit_per_minute INTEGER',
  'limit_per_hour INTEGER',
  'limit_per_day INTEGER',
  'limit_behavior TEXT',
  'use_tls INTEGER',
  'batch_size INTEGER',
  ...STAMPS,
];

const accounts: Columns = [
  'pk TEXT PRIMARY KEY',
  'id TEXT NOT NULL',
  'tenant_id TEXT NOT NULL',
  ...account,
  'is_pec_account INTEGER DEFAULT 0',
  'imap_host TEXT',
  'imap_port INTEGER DEFAULT 993',
  'imap_user TEXT',
  'imap_password TEXT',
  "imap_folder TEXT DEFAULT 'INBOX'",
  'imap_last_uid INTEGER',
  'imap_last_sync TIMESTAMP',
  'imap_uidvalidity INTEGER',
  'UNIQUE (tenant_id, id)',
];

const message: Columns = [
  'account_id TEXT',
  'priority INTEGER NOT NULL DEFAULT 2',
  'payload TEXT NOT NULL',
  'deferred_ts INTEGER',
  ...STAMPS,
];

const messages: Columns = [
  'pk TEXT PRIMARY KEY',
  'id TEXT NOT NULL',
  'tenant_id TEXT NOT NULL',
  'account_pk TEXT',
  ...message,
  'batch_code TEXT',
  'smtp_ts INTEGER',
  'is_pec INTEGER DEFAULT 0',
  'UNIQUE (tenant_id, id)',
];

const events = (ref: string, serial: string): Columns => [
  `id ${serial}`,
  `${ref} NOT NULL`,
  'event_type TEXT NOT NULL',
  'event_ts INTEGER NOT NULL',
  'description TEXT',
  'metadata TEXT',
  'reported_ts INTEGER',
];

const commandLog = (serial: string): Columns => [
  `id ${serial}`,
  'command_ts INTEGER NOT NULL',
  'endpoint TEXT NOT NULL',
  'tenant_id TEXT',
  'payload TEXT NOT NULL',
  'response_status INTEGER',
  'response_body TEXT',
];

const instance: Columns = [
  'id INTEGER PRIMARY KEY',
  "name TEXT DEFAULT 'mail-proxy'",
  'api_token TEXT',
  "edition TEXT DEFAULT 'ce'",
  'config TEXT',
  ...STAMPS,
  'bounce_enabled INTEGER DEFAULT 0',
  'bounce_imap_host TEXT',
  'bounce_imap_port INTEGER DEFAULT 993',
  'bounce_imap_user TEXT',
  'bounce_imap_password TEXT',
  "bounce_imap_folder TEXT DEFAULT 'INBOX'",
  'bounce_imap_ssl INTEGER DEFAULT 1',
  'bounce_poll_interval INTEGER DEFAULT 60',
  'bounce_return_path TEXT',
];

const storages: Columns = [
  'pk TEXT PRIMARY KEY',
  'tenant_id TEXT NOT NULL',
  'name TEXT NOT NULL',
  'protocol TEXT NOT NULL',
  'config TEXT',
  ...STAMPS,
  'UNIQUE (tenant_id, name)',
];

const sendLog: Columns = ['account_id TEXT', 'timestamp INTEGER'];

/** The tables of a version. @param serial - a numbered primary key, as the database makes one */
export function tablesOf(version: GenroVersion, serial: string): Readonly<Record<string, Columns>> {
  switch (version) {
    case '0.7':
      return {
        tenants: tenantsSince,
        accounts,
        messages,
        message_events: events('message_pk TEXT', serial),
        command_log: commandLog(serial),
        instance,
        storages,
      };
    case '0.6':
      return {
        tenants: tenantsSince,
        accounts,
        messages,
        message_events: events('message_pk TEXT', serial),
        command_log: commandLog(serial),
        instance,
        send_log: sendLog,
      };
    case '0.6 numbered':
      return {
        tenants: tenantsSince,
        accounts,
        messages: [`pk ${serial}`, ...messages.slice(1)],
        message_events: events('message_pk INTEGER', serial),
        instance,
      };
    case '0.6 by id':
      return {
        tenants: tenantsSince,
        accounts: ['id TEXT PRIMARY KEY', 'tenant_id TEXT', ...account],
        messages: ['id TEXT PRIMARY KEY', ...message, 'batch_code TEXT', 'smtp_ts INTEGER'],
        message_events: events('message_id TEXT', serial),
        instance_config: ['key TEXT PRIMARY KEY', 'value TEXT NOT NULL', 'updated_at TIMESTAMP'],
      };
    case '0.6 without events':
      return {
        tenants,
        accounts: ['id TEXT PRIMARY KEY', 'tenant_id TEXT', ...account],
        messages: [
          'id TEXT PRIMARY KEY',
          ...message,
          'sent_ts INTEGER',
          'error_ts INTEGER',
          'error TEXT',
          'reported_ts INTEGER',
        ],
        instance_config: ['key TEXT PRIMARY KEY', 'value TEXT NOT NULL', 'updated_at TIMESTAMP'],
        send_log: sendLog,
      };
    default:
      return version satisfies never;
  }
}
