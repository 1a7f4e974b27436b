// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { systemClock } from '@mail-proxy/core';
import { Command } from 'commander';
import { EXIT } from '../../exit-codes.ts';
import { colorsOf } from '../colors.ts';
import type { CommandContext } from '../command-context.ts';
import type { ConnectionFlags } from '../connection.ts';
import { addConnectionOptions } from '../connection-options.ts';
import { withServer } from '../server-session.ts';
import { readMessage } from './follow-message.ts';
import { renderMessage } from './render-message.ts';

interface ShowFlags extends ConnectionFlags {
  readonly tenantId?: string;
  readonly transcript?: true;
  readonly json?: true;
}

/** Show one message as a page: `messages get` with its history, for people. */
export function showMessageCommand(context: CommandContext): Command {
  const command = new Command('show')
    .description('Show one message as a page: recipients, what it waits for, its history')
    .argument('<message-id>', "the client's id, or our own key")
    .option('--tenant-id <tenant-id>', 'whose message, where several tenants use the id')
    .option('--transcript', 'show what was said between us and the relay, too');
  addConnectionOptions(command);
  command
    .option('--json', 'print the message as JSON, with its history as `events`')
    .addHelpText('after', '\nExample:\n  mail-proxy messages show order-4711 --transcript\n');
  return command.action(async (id: string) => {
    // The options above, and no others.
    const flags = command.opts() as ShowFlags;
    await withServer(flags, context, async (server) => {
      const { stdout } = context.streams;
      const { message, events } = await readMessage(server, { id, tenantId: flags.tenantId ?? server.tenantId });
      if (flags.json === true) stdout.write(`${JSON.stringify({ ...message, events }, null, 2)}\n`);
      else {
        const options = {
          colors: colorsOf(stdout, context.env),
          now: systemClock.now(),
          transcript: flags.transcript === true,
        };
        stdout.write(renderMessage(message, events, options));
      }
      return EXIT.ok;
    });
  });
}
