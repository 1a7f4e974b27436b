// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, VERSION } from '@mail-proxy/core';
import { Command } from 'commander';
import type { CommandContext, ServeContext } from './command-context.ts';
import { COMMAND_GROUPS, RESOURCE_COMMANDS } from './commands.ts';
import { HELP_TOPICS } from './help-topics.ts';
import { operationCommand } from './operation-command.ts';

/** The group before which those of the operations stand. */
const LAST_GROUP = COMMAND_GROUPS.at(-1);

/** Put all commands together, one for each of the operations. */
export function createProgram(context: ServeContext, operations: readonly AnyOperation[]): Command {
  const program = new Command('mail-proxy')
    .description(
      'A self-hosted mail proxy: accepts messages over HTTP, delivers them over SMTP, tells what became of them.',
    )
    .version(VERSION, '--version')
    .showHelpAfterError('(add --help for what it takes)')
    // What stands behind a verb is the verb's, also where its resource is a command itself.
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES);
  for (const group of COMMAND_GROUPS) {
    if (group === LAST_GROUP) addResources(program, operations, context);
    program.commandsGroup(group.title);
    for (const make of Object.values(group.commands)) program.addCommand(make(context));
  }
  program.helpCommand(
    'help [topic...]',
    `Show the help of a command, or about: ${Object.keys(HELP_TOPICS).join(', ')}`,
  );
  inheritStreams(program, context.streams);
  return program;
}

const EXAMPLES = `
Examples:
  mail-proxy serve
  mail-proxy accounts create --id main --host smtp.example.net --port 587 --user me@example.net
  mail-proxy send --from me@example.net --to you@example.org --subject Hello --text Hi --wait
  mail-proxy messages list --state deferred --json

At a terminal, what is missing is asked for: try mail-proxy accounts create
`;

function addResources(program: Command, operations: readonly AnyOperation[], context: ServeContext): void {
  program.commandsGroup('Operations on a running server:');
  const makers = new Map(operations.map((operation) => [operation.name, () => operationCommand(operation, context)]));
  const resources = new Set(operations.map(({ name }) => resourceOf(name)));
  for (const [name, make] of Object.entries(RESOURCE_COMMANDS)) {
    // One whose resource is a mixin's is there with the mixin.
    if (resources.has(resourceOf(name))) makers.set(name, () => make(context));
  }
  for (const resource of resources) {
    const beside = program.commands.find((each) => each.name() === resource);
    const command = (beside ?? new Command(resource)).enablePositionalOptions();
    for (const [name, make] of makers) if (resourceOf(name) === resource) command.addCommand(make());
    // A command of its own, such as stats, says itself what it does.
    if (beside === undefined) {
      command.description(command.commands.map((each) => each.name()).join(', '));
      command.addHelpText(
        'after',
        `\nEach has a page:\n  mail-proxy ${resource} ${command.commands[0]?.name()} --help\n`,
      );
      program.addCommand(command);
    }
  }
}

function resourceOf(name: string): string {
  return name.slice(0, name.indexOf('.'));
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
