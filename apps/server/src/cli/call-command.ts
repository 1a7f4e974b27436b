// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command } from 'commander';
import { callServer } from './call-server.ts';
import type { CommandContext } from './command-context.ts';
import { type ConnectionFlags, findConnection, tokenPlace } from './connection.ts';
import { addConnectionOptions } from './operation-command.ts';
import { readData } from './read-data.ts';
import { reportResult } from './report-result.ts';

interface CallFlags extends ConnectionFlags {
  readonly data?: string;
  readonly json?: true;
}

/** Call any path: operations that mixins add have no command of their own. */
export function callCommand({ env, streams, finish }: CommandContext): Command {
  const command = new Command('call')
    .description('call a path of the API, such as one that a mixin adds')
    .argument('<method>')
    .argument('<path>')
    .option('--data <json>', 'the body: JSON, @file or - for standard input');
  addConnectionOptions(command);
  command.option('--json', 'print the answer as JSON');
  command.addHelpText('after', '\nExample:\n  mail-proxy call POST /v1/imap/verify --data @imap.json\n');
  return command.action(async (method: string, path: string) => {
    // The options above, and no others.
    const flags = command.opts() as CallFlags;
    const connection = await findConnection(flags, env);
    const body = flags.data === undefined ? {} : { body: await readData(flags.data, streams.stdin) };
    const result = await callServer(connection, {
      method: method.toUpperCase(),
      path: path.startsWith('/') ? path : `/${path}`,
      ...body,
    });
    const place = tokenPlace(flags.dataDir, env);
    finish(reportResult(result, { streams, json: flags.json === true, url: connection.url, tokenPlace: place }));
  });
}
