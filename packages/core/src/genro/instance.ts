// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ImportParts } from './import-parts.ts';
import { takeMailbox } from './mailboxes.ts';
import { flagOf, numberOf, objectOf, type SourceRow, textOf } from './source-values.ts';

/** Take what the instance is set to, wherever the version kept it: the mailbox of bounces, and what has no place here. */
export async function takeInstance(parts: ImportParts): Promise<void> {
  const { findings, onRows } = parts;
  const settings = await readSettings(parts);
  if (Object.keys(settings).length === 0) return;
  onRows('instance', 1);
  if (textOf(settings, 'api_token') !== null) {
    findings.notTaken(
      'settings',
      'api_token',
      "the operator's token is no part of the database: set GMP_API_TOKEN to it",
    );
  }
  if (textOf(settings, 'bounce_return_path') !== null) {
    const why = 'the original never used it: set return_path_domain of the tenants, or return_path of messages';
    findings.notTaken('settings', 'bounce_return_path', why);
  }
  const isEnabled = flagOf(settings, 'bounce_enabled') ?? false;
  if (textOf(settings, 'bounce_imap_host') === null) return;
  await takeMailbox(parts, {
    owner: null,
    name: 'instance',
    purpose: 'bounces',
    host: textOf(settings, 'bounce_imap_host'),
    port: numberOf(settings, 'bounce_imap_port'),
    user: textOf(settings, 'bounce_imap_user'),
    password: textOf(settings, 'bounce_imap_password'),
    folder: textOf(settings, 'bounce_imap_folder'),
    isSsl: flagOf(settings, 'bounce_imap_ssl') ?? true,
    pollSeconds: numberOf(settings, 'bounce_poll_interval'),
    isEnabled,
  });
}

/** Keys and values of the oldest versions, the JSON beside the columns, and the columns, which say it last. */
async function readSettings({ source }: Pick<ImportParts, 'source'>): Promise<SourceRow> {
  const settings: Record<string, SourceRow[string]> = {};
  for await (const rows of source.pages('instance_config')) {
    for (const row of rows) {
      const key = textOf(row, 'key');
      if (key !== null) settings[key] = textOf(row, 'value');
    }
  }
  for await (const rows of source.pages('instance')) {
    for (const row of rows) {
      for (const [key, value] of Object.entries(objectOf(row, 'config') ?? {})) {
        if (typeof value === 'string' || typeof value === 'number') settings[key] = value;
        if (typeof value === 'boolean') settings[key] = value ? 1 : 0;
      }
      for (const [key, value] of Object.entries(row)) {
        if (value !== null) settings[key] = value;
      }
    }
  }
  return settings;
}
