// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { resolve } from 'node:path';
import { Command } from 'commander';
import { nearestName } from '../env/nearest-name.ts';
import { EXIT } from '../exit-codes.ts';
import { type Contexts, contextLabel, type RemoteServer, readContexts, writeContexts } from '../instances/contexts.ts';
import { instanceNames } from '../instances/instance.ts';
import { INSTANCE_NAME } from '../instances/places.ts';
import { type AskFlags, askerOf } from './asker.ts';
import type { CommandContext } from './command-context.ts';
import { readTokenFile } from './connection.ts';
import { addAskOptions } from './connection-options.ts';
import { UsageError } from './usage-error.ts';

interface UseFlags extends AskFlags {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly none?: true;
  readonly forget?: true;
}

/** Choose the server, and the tenant, that the commands after it are about. */
export function useCommand(context: CommandContext): Command {
  const command = new Command('use')
    .description('Choose the server, and the tenant, that all other commands are about')
    .argument('[name]')
    .usage('[options] <instance>[/<tenant>]')
    .option('--url <url>', 'a server elsewhere, known by that name from now on')
    .option('--token-file <file>', 'its token is in this file, and stays there; asked for at a terminal otherwise')
    .option('--none', 'choose none: the server of this folder (./data), as at the start')
    .option('--forget', 'forget the server elsewhere that has this name')
    .option('--json', 'print the choice as JSON');
  addAskOptions(command, { isDestructive: false });
  command.addHelpText('after', HELP);
  return command.action(async (name: string | undefined) => {
    // The options above, and no others.
    const flags = command.opts() as UseFlags;
    const kept = await readContexts(context.env);
    const chosen = await choose(name, kept, { flags, context });
    await writeContexts(chosen, context.env);
    reportCurrent(chosen, flags.json === true, context);
    context.finish(EXIT.ok);
  });
}

/** Say what was chosen. */
export function currentCommand(context: CommandContext): Command {
  const command = new Command('current')
    .description('Say which server, and which tenant, commands are about')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  mail-proxy current\n');
  return command.action(async () => {
    reportCurrent(await readContexts(context.env), command.opts<{ json?: true }>().json === true, context);
    context.finish(EXIT.ok);
  });
}

interface Choosing {
  readonly flags: UseFlags;
  readonly context: CommandContext;
}

async function choose(given: string | undefined, kept: Contexts, { flags, context }: Choosing): Promise<Contexts> {
  if (flags.none === true) return { ...kept, current: null };
  const asker = askerOf(context, flags);
  const known = [...new Set([...(await instanceNames(context.env)), ...Object.keys(kept.servers)])].toSorted();
  if (given === undefined && asker !== null && known.length > 0) {
    const choices = known.map((name) => ({ value: name, hint: kept.servers[name]?.url ?? 'on this machine' }));
    given = await asker.select({ message: 'which server', choices });
  }
  if (given === undefined) throw new UsageError('name an instance, or --none');
  const { instance, tenant_id } = parseContext(given);
  if (flags.forget === true) return forget(instance, kept);
  if (flags.url !== undefined) {
    if ((await instanceNames(context.env)).includes(instance)) {
      throw new UsageError(`${instance} is an instance on this machine: give the other server another name`);
    }
    const server = await remoteOf(instance, flags.url, { flags, context });
    return { current: { instance, tenant_id }, servers: { ...kept.servers, [instance]: server } };
  }
  if (known.includes(instance)) return { ...kept, current: { instance, tenant_id } };
  const nearest = nearestName(instance, known);
  throw new UsageError(
    `there is no instance ${instance}${nearest === undefined ? '' : `; did you mean ${nearest}?`}\n` +
      `  make it with: mail-proxy serve ${instance}\n` +
      `  or say where it is: mail-proxy use ${instance} --url https://...`,
  );
}

function parseContext(given: string): NonNullable<Contexts['current']> {
  const [, instance = '', tenant] = /^([^/]*)(?:\/(.+))?$/.exec(given) ?? [];
  if (!INSTANCE_NAME.test(instance)) {
    throw new UsageError('a name has small letters, digits, - and _, at most 63; a tenant goes behind a slash');
  }
  return { instance, tenant_id: tenant ?? null };
}

function forget(name: string, { current, servers }: Contexts): Contexts {
  const { [name]: gone, ...others } = servers;
  if (gone === undefined) throw new UsageError(`there is no server elsewhere by the name ${name}`);
  return { current: current?.instance === name ? null : current, servers: others };
}

async function remoteOf(name: string, given: string, { flags, context }: Choosing): Promise<RemoteServer> {
  const url = URL.parse(given);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw new UsageError('--url takes http(s)://...');
  const server = { url: given.replace(/\/+$/, '') };
  if (flags.tokenFile !== undefined) {
    // Better now than at the first call.
    await readTokenFile(flags.tokenFile, '--token-file');
    return { ...server, token_file: resolve(flags.tokenFile) };
  }
  const token = await askerOf(context, flags)?.secret({ message: `the token of ${name}` });
  return token === undefined ? server : { ...server, token };
}

function reportCurrent({ current, servers }: Contexts, json: boolean, { streams: { stdout } }: CommandContext): void {
  const server = current === null ? undefined : servers[current.instance];
  if (json) {
    const place = server === undefined ? {} : { url: server.url };
    stdout.write(
      `${JSON.stringify({ instance: current?.instance ?? null, tenant_id: current?.tenant_id ?? null, ...place })}\n`,
    );
  } else if (current === null) stdout.write('none: the server of this folder (./data)\n');
  else stdout.write(`${contextLabel(current)}${server === undefined ? '' : ` at ${server.url}`}\n`);
}

const HELP = `
The choice is kept in ~/.config/mail-proxy (or below $XDG_CONFIG_HOME), for you only. Flags and variables that name a
server (--url, --data-dir, GMP_URL, GMP_DATA_DIR) win over it, and GMP_API_TOKEN over its token.

Examples:
  mail-proxy use prod
  mail-proxy use prod/acme
  mail-proxy use office --url https://mail.example.net --token-file ~/.office-token
  mail-proxy use --none
`;
