// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { CommandContext } from './command-context.ts';
import { findConnection } from './connection.ts';

/** Print the token that the other commands would use. */
export function tokenCommand({ env, streams, finish }: CommandContext): Command {
  const command = new Command('token')
    .description('Print the admin token, of GMP_API_TOKEN, GMP_API_TOKEN_FILE or the data folder')
    .option('--data-dir <folder>', "the server's data folder (GMP_DATA_DIR, ./data)")
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  curl -H "Authorization: Bearer $(mail-proxy token)" $URL/v1/instance\n');
  return command.action(async () => {
    const { json, ...place } = command.opts<{ dataDir?: string; json?: true }>();
    const { token, tokenHint, startHint } = await findConnection(place, env);
    if (token !== null) {
      streams.stdout.write(json === true ? `${JSON.stringify({ token })}\n` : `${token}\n`);
      finish(EXIT.ok);
      return;
    }
    streams.stderr.write(`error: there is no token\n  ${tokenHint}\n  It is made at the first start. ${startHint}\n`);
    finish(EXIT.config);
  });
}
