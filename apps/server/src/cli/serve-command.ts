// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command } from 'commander';
import { OTHER_VARIABLES, VARIABLES } from '../env/variables.ts';
import type { ServeContext } from './command-context.ts';

/** Flags for what differs between servers of one machine; everything has a variable. */
const FLAGS = [
  { flag: '--host <address>', option: 'host', variable: 'GMP_HOST', summary: 'address to listen on' },
  { flag: '--port <number>', option: 'port', variable: 'GMP_PORT', summary: 'port to listen on' },
  { flag: '--data-dir <folder>', option: 'dataDir', variable: 'GMP_DATA_DIR', summary: 'folder of all that is kept' },
  { flag: '--config <file>', option: 'config', variable: 'GMP_CONFIG_FILE', summary: 'JSON file with settings' },
] as const;

/** Run the server in this process. */
export function serveCommand({ env, serve, finish }: Pick<ServeContext, 'env' | 'serve' | 'finish'>): Command {
  const command = new Command('serve').description('Run the server until SIGTERM or SIGINT');
  for (const { flag, variable, summary } of FLAGS) command.option(flag, `${summary} (${variable})`);
  command.addHelpText('after', variableHelp());
  return command.action(async () => {
    const given = command.opts();
    const overrides = FLAGS.flatMap(({ option, variable }) => {
      const value: unknown = given[option];
      return typeof value === 'string' ? [[variable, value] as const] : [];
    });
    finish(await serve({ ...env, ...Object.fromEntries(overrides) }));
  });
}

function variableHelp(): string {
  const width = Math.max(...VARIABLES.map(({ name }) => name.length));
  const lines = VARIABLES.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `
Environment (the keys of the configuration file in ${OTHER_VARIABLES[0]} are the engine's and the server's settings):
${lines.join('\n')}

Examples:
  mail-proxy serve --data-dir /var/lib/mail-proxy
  GMP_HOST=0.0.0.0 GMP_API_TOKEN=... mail-proxy serve
`;
}
