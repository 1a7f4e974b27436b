// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { type ConnectionFlags, connect } from './connection.ts';
import { addConnectionOptions } from './connection-options.ts';
import { readData } from './read-data.ts';
import { runCall } from './run-call.ts';

interface CallFlags extends ConnectionFlags {
  readonly data?: string;
  readonly json?: true;
}

/** Call any path: operations that mixins add have no command of their own. */
export function callCommand(context: CommandContext): Command {
  const command = new Command('call')
    .description('Call a path of the API, such as one that a mixin adds')
    .argument('<method>')
    .argument('<path>')
    .option('--data <json>', 'the body: JSON, @file or - for standard input');
  addConnectionOptions(command);
  command.option('--json', 'print the answer as JSON');
  command.addHelpText('after', '\nExample:\n  mail-proxy call POST /v1/imap/verify --data @imap.json\n');
  return command.action(async (method: string, path: string) => {
    // The options above, and no others.
    const flags = command.opts() as CallFlags;
    const body = flags.data === undefined ? {} : { body: await readData(flags.data, context.streams.stdin) };
    const call = { method: method.toUpperCase(), path: path.startsWith('/') ? path : `/${path}`, ...body };
    await runCall(call, { connection: await connect(flags, context), json: flags.json === true }, context);
  });
}
