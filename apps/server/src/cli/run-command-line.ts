// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, isMailProxyError } from '@mail-proxy/core';
import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { GivenUp } from './asker.ts';
import type { ServeContext } from './command-context.ts';
import { COMMAND_GROUPS } from './commands.ts';
import { HELP_TOPICS } from './help-topics.ts';
import { operationsFor } from './installed-operations.ts';
import { createProgram } from './program.ts';
import { UsageError } from './usage-error.ts';

/** What completion knows of is all that is installed. */
const OWN_COMMANDS = COMMAND_GROUPS.flatMap(({ commands }) => Object.keys(commands)).filter(
  (name) => name !== 'completion',
);

/**
 * Run one command line and answer with its exit code; nothing is thrown that a user caused.
 *
 * @param operations - all that there are; found where they are left out
 */
export async function runCommandLine(
  given: readonly string[],
  context: Omit<ServeContext, 'finish'>,
  operations?: readonly AnyOperation[],
): Promise<ExitCode> {
  const args = given[0] === 'help' ? [...given.slice(1), '--help'] : given;
  const topic = given[0] === 'help' ? HELP_TOPICS[given[1] ?? ''] : undefined;
  if (topic !== undefined) {
    context.streams.stdout.write(topic);
    return EXIT.ok;
  }
  let code: ExitCode = EXIT.ok;
  const finish = (reached: ExitCode): void => {
    code = reached;
  };
  try {
    const program = createProgram({ ...context, finish }, operations ?? (await operationsFor(args, OWN_COMMANDS)));
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has written the help, the version or the complaint already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof UsageError) {
      context.streams.stderr.write(`error: ${error.message}\n(add --help for what it takes)\n`);
      return EXIT.usage;
    }
    if (error instanceof GivenUp) {
      context.streams.stderr.write('nothing was done\n');
      return EXIT.interrupted;
    }
    if (!isMailProxyError(error)) throw error;
    context.streams.stderr.write(`error: ${error.message}\n`);
    return EXIT.config;
  }
}
