// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, VERSION } from '@mail-proxy/core';
import { Command } from 'commander';
import { callCommand } from './call-command.ts';
import type { CommandContext, ServeContext } from './command-context.ts';
import { doctorCommand } from './doctor/doctor-command.ts';
import { exportCommand } from './export-command.ts';
import { generateKeyCommand } from './generate-key-command.ts';
import { importCommand } from './import-command.ts';
import { importGenroCommand } from './import-genro-command.ts';
import { showMessageCommand } from './messages/show-command.ts';
import { watchMessagesCommand } from './messages/watch-command.ts';
import { migrateCommand } from './migrate-command.ts';
import { openApiCommand } from './openapi-command.ts';
import { operationCommand } from './operation-command.ts';
import { rotateKeysCommand } from './rotate-keys-command.ts';
import { sendCommand } from './send/send-command.ts';
import { serveCommand } from './serve-command.ts';
import { suppressionsExportCommand } from './suppressions-export-command.ts';
import { suppressionsImportCommand } from './suppressions-import-command.ts';
import { tokenCommand } from './token-command.ts';

/** Commands that are none of an operation. */
export const OTHER_COMMANDS = [
  'serve',
  'token',
  'openapi',
  'migrate',
  'export',
  'import',
  'import-genro',
  'send',
  'doctor',
  'call',
] as const;

/** Put all commands together, one for each of the operations. */
export function createProgram(context: ServeContext, operations: readonly AnyOperation[]): Command {
  const program = new Command('mail-proxy')
    .description(
      'A self-hosted mail proxy: accepts messages over HTTP, delivers them over SMTP, tells what became of them.',
    )
    .version(VERSION, '--version')
    .showHelpAfterError('(add --help for what it takes)')
    .addHelpText('after', EXAMPLES);
  program.commandsGroup('Server:');
  program.addCommand(serveCommand(context));
  program.addCommand(tokenCommand(context));
  program.addCommand(openApiCommand(context));
  program.commandsGroup('Mail:');
  program.addCommand(sendCommand(context));
  program.addCommand(doctorCommand(context));
  program.commandsGroup('Its database, while no server runs:');
  program.addCommand(migrateCommand(context));
  program.addCommand(exportCommand(context));
  program.addCommand(importCommand(context));
  program.addCommand(importGenroCommand(context));
  program.commandsGroup('Operations on a running server:');
  for (const [resource, own] of Object.entries(byResource(operations))) {
    program.addCommand(resourceCommand(resource, own, context));
  }
  program.addCommand(callCommand(context));
  inheritStreams(program, context.streams);
  return program;
}

const EXAMPLES = `
Examples:
  mail-proxy serve
  mail-proxy accounts create --id main --host smtp.example.net --port 587 --user u --password p
  mail-proxy messages create --from me@example.net --to you@example.org --subject Hello --text Hi
  mail-proxy messages list --state deferred --json
`;

/** Operations whose command does more than to make one call: it looks on, reads files or writes other forms. */
const OWN_COMMANDS: Readonly<Record<string, (context: CommandContext) => Command>> = {
  'keys.rotate': rotateKeysCommand,
  'suppressions.import': suppressionsImportCommand,
  'suppressions.export': suppressionsExportCommand,
};

/** Commands that stand beside those of a resource and are none of an operation. */
const BESIDE: Readonly<Record<string, readonly ((context: CommandContext) => Command)[]>> = {
  keys: [generateKeyCommand],
  messages: [showMessageCommand, watchMessagesCommand],
};

function byResource(operations: readonly AnyOperation[]): Readonly<Partial<Record<string, AnyOperation[]>>> {
  return Object.groupBy(operations, ({ name }) => name.slice(0, name.indexOf('.')));
}

function resourceCommand(resource: string, operations: readonly AnyOperation[] = [], context: CommandContext): Command {
  const command = new Command(resource);
  for (const make of BESIDE[resource] ?? []) command.addCommand(make(context));
  for (const operation of operations) {
    const own = OWN_COMMANDS[operation.name];
    command.addCommand(own === undefined ? operationCommand(operation, context) : own(context));
  }
  return command.description(command.commands.map((each) => each.name()).join(', '));
}

/** Commander sets these on one command at a time; an error in any of them must be thrown, and written where we write. */
function inheritStreams(command: Command, streams: CommandContext['streams']): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => void streams.stdout.write(text),
    writeErr: (text) => void streams.stderr.write(text),
    getOutHelpWidth: () => streams.stdout.columns ?? 100,
    getErrHelpWidth: () => streams.stdout.columns ?? 100,
  });
  for (const inner of command.commands) inheritStreams(inner, streams);
}
