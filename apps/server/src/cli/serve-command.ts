// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command } from 'commander';
import type { Environment } from '../env/environment.ts';
import { settings } from '../env/settings.ts';
import { FILE_VARIABLE, VARIABLES } from '../env/variables.ts';
import { configPath, logPath, makeInstance } from '../instances/instance.ts';
import type { ServeContext } from './command-context.ts';
import { findTarget } from './instance-target.ts';
import { UsageError } from './usage-error.ts';

/** Flags for what differs between servers of one machine; everything has a variable. */
const FLAGS = [
  { flag: '--host <address>', option: 'host', variable: 'GMP_HOST', summary: 'address to listen on' },
  { flag: '--port <number>', option: 'port', variable: 'GMP_PORT', summary: 'port to listen on' },
  { flag: '--data-dir <folder>', option: 'dataDir', variable: 'GMP_DATA_DIR', summary: 'folder of all that is kept' },
  { flag: '--config <file>', option: 'config', variable: 'GMP_CONFIG_FILE', summary: 'JSON file with settings' },
] as const;

interface ServeFlags {
  readonly host?: string;
  readonly port?: string;
  readonly dataDir?: string;
  readonly config?: string;
  readonly json?: true;
}

/** Run the server in this process. */
export function serveCommand({ env, serve, finish }: ServeContext): Command {
  const command = new Command('serve')
    .description('Run a server in the foreground until SIGTERM or SIGINT (Ctrl-C)')
    .argument('[name]');
  for (const { flag, variable, summary } of FLAGS) command.option(flag, `${summary} (${variable})`);
  command.option('--json', 'log in lines of JSON at a terminal, too');
  command.addHelpText('after', help);
  return command.action(async (name: string | undefined) => {
    // The options above, and no others.
    const flags = command.opts() as ServeFlags;
    const json = flags.json === true;
    const settings = { ...env, ...variablesOf(flags) };
    if (name !== undefined && flags.dataDir !== undefined) {
      throw new UsageError('a named instance has a folder of its own: leave out the name, or --data-dir');
    }
    const target = await findTarget({ name, dataDir: flags.dataDir }, env);
    if (target.kind === 'elsewhere' && name !== undefined) {
      throw new UsageError(`${name} is the name of a server elsewhere (${target.server.url})`);
    }
    if (target.kind === 'elsewhere' || target.name === null) {
      finish(await serve(settings, { json }));
      return;
    }
    const { folder } = target;
    await makeInstance(folder, firstSettings(flags));
    const own = { GMP_DATA_DIR: folder, GMP_CONFIG_FILE: flags.config ?? configPath(folder) };
    finish(await serve({ ...settings, ...own }, { json, logFile: logPath(folder), isPrivate: true }));
  });
}

function variablesOf(flags: ServeFlags): Environment {
  return Object.fromEntries(
    FLAGS.flatMap(({ option, variable }) => (flags[option] === undefined ? [] : [[variable, flags[option]]])),
  );
}

/** A port that is none is left to the server's own check of its settings. */
function firstSettings({ host, port }: ServeFlags): Readonly<Record<string, unknown>> {
  const number = Number(port);
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined || !Number.isInteger(number) ? {} : { port: number }),
  };
}

function help(): string {
  const width = Math.max(...VARIABLES.map(({ name }) => name.length));
  const lines = settings().flatMap(({ variable, initialText }) => {
    if (variable === null) return [];
    const text = `${variable.summary} (${initialText ?? variable.otherwise ?? 'none'})`;
    return [`  ${variable.name.padEnd(width)}  ${text.replaceAll('`', '')}`];
  });
  return `
With a name, everything of the server lies in ~/.mail-proxy/<name> (in $XDG_DATA_HOME/mail-proxy/<name> where that is
set): settings (config.json), database, token, log. The first start makes it, and keeps --host and --port; without
--port it takes the first that is free from 8000 on. Without a name, it is the instance chosen with "mail-proxy use",
else that of ./data. To keep one running is the work of systemd (deploy/systemd) or of a container.

Examples:
  mail-proxy serve
  mail-proxy serve prod --port 8025
  mail-proxy serve --data-dir /var/lib/mail-proxy
  GMP_HOST=0.0.0.0 GMP_API_TOKEN=... mail-proxy serve

Environment (the keys of the configuration file in ${FILE_VARIABLE} are the engine's and the server's settings):
${lines.join('\n')}
`;
}
