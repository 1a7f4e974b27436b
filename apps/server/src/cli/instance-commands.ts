// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { readContexts } from '../instances/contexts.ts';
import { instanceNames } from '../instances/instance.ts';
import { colorsOf } from './colors.ts';
import type { CommandContext } from './command-context.ts';
import { type InstanceStatus, statusOf } from './instance-status.ts';
import { findMade, findTarget } from './instance-target.ts';
import { renderValue } from './render-value.ts';

interface InstanceFlags {
  readonly dataDir?: string;
  readonly json?: true;
}

/** A command on the instance of a name, or of a folder. */
export function instanceCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('[name]')
    .option('--data-dir <folder>', 'of a server without a name (GMP_DATA_DIR, ./data)');
}

/** List the instances of this machine, and the servers elsewhere that have a name. */
export function listCommand({ env, streams, finish }: CommandContext): Command {
  const command = new Command('list')
    .description('List the named instances, and whether they run')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  mail-proxy list\n');
  return command.action(async () => {
    const { current, servers } = await readContexts(env);
    const names = [...new Set([...(await instanceNames(env)), ...Object.keys(servers)])].toSorted();
    const found = await Promise.all(names.map(async (name) => statusOf(await findTarget({ name }, env), env)));
    const items = found.map((status) => ({ current: status.name === current?.instance, ...status }));
    if (command.opts<InstanceFlags>().json === true) {
      streams.stdout.write(`${JSON.stringify({ items }, null, 2)}\n`);
    } else if (items.length === 0)
      streams.stderr.write('no instance has a name yet; make one with: mail-proxy serve NAME\n');
    else {
      const rows = items.map(({ current: isCurrent, name, state, url, since, waiting, version }) => ({
        name: `${isCurrent ? '*' : ' '} ${name}`,
        state,
        url,
        since,
        waiting,
        version,
      }));
      show({ items: rows }, { env, streams });
    }
    finish(EXIT.ok);
  });
}

/** Show one instance: whether it runs, since when, and how much mail waits. */
export function statusCommand({ env, streams, finish }: CommandContext): Command {
  const command = instanceCommand('status', 'Show whether an instance runs, since when, where, and how much mail waits')
    .option('--json', 'print it as JSON')
    .addHelpText('after', STATUS_HELP);
  return command.action(async (name: string | undefined) => {
    const { json, dataDir } = command.opts<InstanceFlags>();
    const status = await statusOf(await findMade({ name, dataDir }, env), env);
    if (json === true) streams.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
    else {
      const known = Object.entries(status).filter(([, value]) => value !== null);
      show(Object.fromEntries(known), { env, streams });
      if (status.state !== 'running') streams.stderr.write(`${nextStep(status)}\n`);
    }
    finish(codeOf(status));
  });
}

function show(value: unknown, { env, streams: { stdout } }: Pick<CommandContext, 'env' | 'streams'>): void {
  stdout.write(renderValue(value, { columns: stdout.columns ?? 100, colors: colorsOf(stdout, env) }).text);
}

function codeOf({ state }: InstanceStatus): ExitCode {
  return state === 'running' ? EXIT.ok : EXIT.unavailable;
}

function nextStep({ state, name, pid, folder }: InstanceStatus): string {
  if (state === 'stopped') return `start it with: mail-proxy serve${name === null ? '' : ` ${name}`}`;
  if (folder === null) return 'it does not answer: see that it runs, and that this machine reaches it';
  return state === 'silent'
    ? `process ${pid} is there and does not answer: see mail-proxy logs${name === null ? '' : ` ${name}`}`
    : `process ${pid} may be it, or another that was given its id`;
}

const STATUS_HELP = `
Ends with 0 where the server answers, and with 69 where not.

Examples:
  mail-proxy status
  mail-proxy status prod --json
`;
