// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../errors.ts';
import { takeAccounts } from './accounts.ts';
import type { ImportParts } from './import-parts.ts';
import { takeInstance } from './instance.ts';
import { takeStorages } from './storages.ts';
import { type CommandParts, takeCommands } from './take-commands.ts';
import { type EventParts, takeEvents, UNREPORTED, UNREPORTED_MESSAGE } from './take-events.ts';
import { type MessageParts, takeMessages } from './take-messages.ts';
import { type TenantParts, takeTenants } from './tenants.ts';

export type StepParts = TenantParts & Omit<MessageParts & EventParts & CommandParts, 'accounts'>;

/**
 * Take all of a source, each after what it refers to. What is there already is left as it is, so that a run that was cut
 * short is made up by another one.
 */
export async function takeAll(parts: StepParts): Promise<void> {
  await takeTenants(parts);
  const accounts = await takeAccounts(parts);
  await takeInstance(parts);
  await takeStorages(parts);
  await takeMessages({ ...parts, accounts });
  await takeEvents({ ...parts, accounts });
  await takeCommands(parts);
}

/** How many rows {@link takeAll} reads. */
export async function countRows({ source }: Pick<ImportParts, 'source'>): Promise<number> {
  const hasOwnReports = source.has('messages', 'reported_ts') && source.has('messages', 'error_ts');
  const counts = await Promise.all([
    ...['tenants', 'accounts', 'instance', 'storages', 'messages', 'command_log'].map((table) => source.count(table)),
    source.count('message_events', UNREPORTED),
    hasOwnReports ? source.count('messages', UNREPORTED_MESSAGE) : 0,
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Find out whether the key opens what is sealed, before anything is written.
 *
 * @throws {MailProxyError} `sealed_with_unknown_key`
 */
export async function expectReadableSecrets({
  source,
  secrets,
}: Pick<ImportParts, 'source' | 'secrets'>): Promise<void> {
  const unreadable: string[] = [];
  for (const [table, column] of SEALED) {
    if (!source.has(table, column)) continue;
    for await (const rows of source.pages(table)) {
      for (const row of rows) {
        const value = row[column];
        if (typeof value === 'string' && secrets.open(value).kind === 'unreadable')
          unreadable.push(`${table}.${column}`);
      }
    }
  }
  if (unreadable.length === 0) return;
  const why = secrets.hasKey ? 'the key that was given does not open them' : 'no key was given';
  throw new MailProxyError('sealed_with_unknown_key', {
    detail:
      `${unreadable.length} secrets of the source (${[...new Set(unreadable)].join(', ')}) are sealed, and ${why}. ` +
      'Name it with --source-key-file.',
  });
}

/** What the original sealed. */
const SEALED = [
  ['accounts', 'password'],
  ['accounts', 'imap_password'],
  ['instance', 'bounce_imap_password'],
  ['storages', 'config'],
] as const;
