// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { genroKeyOfText, importGenro, readGenroKey, systemClock } from '@mail-proxy/core';
import type { Command } from 'commander';
import { type Environment, variableOf } from '../env/environment.ts';
import type { CommandContext } from './command-context.ts';
import { type DatabaseFlags, databaseCommand, withDatabase } from './database-command.ts';
import { reportGenroImport } from './genro-report.ts';
import { withProgress } from './show-progress.ts';

interface ImportGenroFlags extends DatabaseFlags {
  readonly sourceKeyFile?: string;
  readonly allowUnreadableSecrets?: true;
  readonly dryRun?: true;
}

/** Where the original looked for its key. */
const KEY_VARIABLE = 'MAIL_PROXY_ENCRYPTION_KEY';
const KEY_FILE = '/run/secrets/encryption_key';

/** Take over the database of a genro-mail-proxy. */
export function importGenroCommand(context: CommandContext): Command {
  const command = databaseCommand('import-genro', 'Take over the database of a genro-mail-proxy, version 0.6 or 0.7')
    .argument('<source>', 'its mail_service.db, or postgres://...; it is only read')
    .option('--source-key-file <file>', `the key that it was run with (${KEY_VARIABLE}, ${KEY_FILE})`)
    .option('--allow-unreadable-secrets', 'import without that key; passwords must then be set anew')
    .option('--dry-run', 'say what would come of it, and change nothing')
    .addHelpText('after', HELP);
  return command.action(async (source: string) => {
    // The options above, and no others.
    const flags = command.opts() as ImportGenroFlags;
    await withDatabase(flags, context, async ({ makeFolder, ...settings }) => {
      const dryRun = flags.dryRun === true;
      const sourceKey = await findKey(flags, context.env);
      if (!dryRun) await makeFolder();
      const startedAt = systemClock.monotonic();
      const result = await withProgress(context.streams.stderr, (show) =>
        importGenro({
          ...settings,
          source,
          sourceKey,
          allowUnreadableSecrets: flags.allowUnreadableSecrets === true,
          dryRun,
          onProgress: show,
        }),
      );
      return reportGenroImport(result, context.streams, {
        elapsedMs: systemClock.monotonic() - startedAt,
        json: flags.json === true,
        dryRun,
      });
    });
  });
}

/** As the original found it. */
async function findKey({ sourceKeyFile }: ImportGenroFlags, env: Environment) {
  if (sourceKeyFile !== undefined) return await readGenroKey(resolve(sourceKeyFile));
  const text = variableOf(env, KEY_VARIABLE) ?? '';
  if (text !== '') return genroKeyOfText(text, KEY_VARIABLE);
  return existsSync(KEY_FILE) ? await readGenroKey(KEY_FILE) : null;
}

const HELP = `
Stop the genro-mail-proxy first, and never start it again afterwards: both would send what waits. No server may run on the
new database meanwhile. Settings name it (GMP_DATA_DIR, GMP_DB_PATH, GMP_DATABASE_URL, GMP_CONFIG_FILE). What is in it
already stays as it is: a run that was cut short is made up by the same command again.

Exit code 65: something that is needed was not taken; the report says what and why.

Examples:
  mail-proxy import-genro /data/mail_service.db --dry-run
  mail-proxy import-genro postgres://mail@db.example.com/mail --source-key-file old.key --json
`;
