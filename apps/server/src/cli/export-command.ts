// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { resolve } from 'node:path';
import { exportDatabase, systemClock } from '@mail-proxy/core';
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { CommandContext } from './command-context.ts';
import { type DatabaseFlags, databaseCommand, withDatabase } from './database-command.ts';
import { withProgress } from './show-progress.ts';
import { reportTransfer } from './transfer-report.ts';

interface ExportFlags extends DatabaseFlags {
  readonly gzip?: true;
}

/** Write the whole database into a folder. */
export function exportCommand(context: CommandContext): Command {
  const command = databaseCommand('export', 'Write the whole database into a folder, to import it elsewhere')
    .argument('<folder>', 'a new or empty folder')
    .option('--gzip', 'compress the files')
    .addHelpText('after', HELP);
  return command.action(async (folder: string) => {
    // The options above, and no others.
    const flags = command.opts() as ExportFlags;
    await withDatabase(flags, context, async (settings) => {
      const startedAt = systemClock.monotonic();
      const result = await withProgress(context.streams.stderr, (show) =>
        exportDatabase({
          ...settings,
          folder: resolve(folder),
          gzip: flags.gzip === true,
          onProgress: show,
        }),
      );
      reportTransfer(result, context.streams, {
        elapsedMs: systemClock.monotonic() - startedAt,
        json: flags.json === true,
        done: 'exported',
        next: NEXT,
      });
      return EXIT.ok;
    });
  });
}

const NEXT = [
  'Keep the encryption key with it: the archive holds secrets that only the key opens.',
  'Once it is imported, never start a server on the old database again: it would send the waiting mail a second time.',
];

const HELP = `
No server may run on the database meanwhile: stop them all first. SQLite and PostgreSQL both, whichever the settings
name (GMP_DATA_DIR, GMP_DB_PATH, GMP_DATABASE_URL, GMP_CONFIG_FILE). The folder holds mail: only you can read it.

Example:
  mail-proxy export /backup/mail-proxy --gzip
`;
