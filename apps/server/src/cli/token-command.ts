// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { CommandContext } from './command-context.ts';
import { findToken, tokenPlace } from './connection.ts';

/** Print the token that the other commands would use. */
export function tokenCommand({ env, streams, finish }: CommandContext): Command {
  const command = new Command('token')
    .description('Print the admin token, of GMP_API_TOKEN, GMP_API_TOKEN_FILE or the data folder')
    .option('--data-dir <folder>', "the server's data folder (GMP_DATA_DIR, ./data)")
    .addHelpText('after', '\nExample:\n  curl -H "Authorization: Bearer $(mail-proxy token)" $URL/v1/instance\n');
  return command.action(async () => {
    const { dataDir } = command.opts<{ dataDir?: string }>();
    const token = await findToken(dataDir === undefined ? {} : { dataDir }, env);
    if (token !== null) {
      streams.stdout.write(`${token}\n`);
      finish(EXIT.ok);
      return;
    }
    streams.stderr.write(
      `error: there is no token in ${tokenPlace(dataDir, env)}\n` +
        '  It is made at the first start of the server: mail-proxy serve\n' +
        '  or say where the data folder is: --data-dir, or GMP_DATA_DIR\n',
    );
    finish(EXIT.config);
  });
}
