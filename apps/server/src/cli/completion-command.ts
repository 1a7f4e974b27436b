// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Argument, Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { CommandContext } from './command-context.ts';
import { completionScript, SHELLS, type Shell } from './completion-scripts.ts';

/** Print what makes a shell complete the commands of this installation. */
export function completionCommand({ streams, finish }: CommandContext): Command {
  const command = new Command('completion')
    .description('Print a script that makes the shell complete commands, options and their values')
    .addArgument(new Argument('<shell>', 'which one').choices([...SHELLS]))
    .option('--json', 'print it as a field of a JSON object')
    .addHelpText('after', HELP);
  return command.action(async (shell: Shell) => {
    let program = command;
    while (program.parent !== null) program = program.parent;
    const script = completionScript(shell, program);
    const isJson = command.opts<{ json?: true }>().json === true;
    streams.stdout.write(isJson ? `${JSON.stringify({ shell, script })}\n` : script);
    finish(EXIT.ok);
  });
}

const HELP = `
What it completes is that of this installation, mixins included; print it again after an upgrade.

Examples:
  source <(mail-proxy completion bash)
  mail-proxy completion zsh > ~/.zfunc/_mail-proxy
  mail-proxy completion fish > ~/.config/fish/completions/mail-proxy.fish
`;
