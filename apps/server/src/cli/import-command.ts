// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { resolve } from 'node:path';
import { importDatabase, systemClock } from '@mail-proxy/core';
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { CommandContext } from './command-context.ts';
import { type DatabaseFlags, databaseCommand, withDatabase } from './database-command.ts';
import { withProgress } from './show-progress.ts';
import { reportTransfer } from './transfer-report.ts';

interface ImportFlags extends DatabaseFlags {
  readonly resume?: true;
  readonly encryptionKeyFile?: string;
  readonly allowUnreadableSecrets?: true;
}

/** Fill an empty database with what an export wrote. */
export function importCommand(context: CommandContext): Command {
  const command = databaseCommand('import', 'Fill an empty database with what an export wrote')
    .argument('<folder>', 'what mail-proxy export wrote')
    .option('--resume', 'go on with an import that was cut short')
    .option('--encryption-key-file <file>', "the old database's key; kept for the new one where it has none yet")
    .option('--allow-unreadable-secrets', 'import without that key; passwords must then be set anew')
    .addHelpText('after', HELP);
  return command.action(async (folder: string) => {
    // The options above, and no others.
    const flags = command.opts() as ImportFlags;
    await withDatabase(flags, context, async (settings) => {
      await settings.makeFolder();
      const startedAt = systemClock.monotonic();
      const result = await withProgress(context.streams.stderr, (show) =>
        importDatabase({
          ...settings,
          folder: resolve(folder),
          resume: flags.resume === true,
          ...(flags.encryptionKeyFile === undefined ? {} : { sourceKeyFile: resolve(flags.encryptionKeyFile) }),
          allowUnreadableSecrets: flags.allowUnreadableSecrets === true,
          onProgress: show,
        }),
      );
      reportTransfer(result, context.streams, {
        elapsedMs: systemClock.monotonic() - startedAt,
        json: flags.json === true,
        done: 'imported',
        next: ['Start the server: mail-proxy serve'],
      });
      return EXIT.ok;
    });
  });
}

const HELP = `
No server may run on the database meanwhile, and none starts on it before the import is complete. Settings name the new
database (GMP_DATA_DIR, GMP_DB_PATH, GMP_DATABASE_URL, GMP_CONFIG_FILE). Everything is compared in the end, row by row.

Examples:
  GMP_DATABASE_URL=postgres://... mail-proxy import /backup/mail-proxy --encryption-key-file data/mail-proxy.db.key
  GMP_DATABASE_URL=postgres://... mail-proxy import /backup/mail-proxy --resume
`;
