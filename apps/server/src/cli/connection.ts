// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFile } from 'node:fs/promises';
import { MailProxyError } from '@mail-proxy/core';
import { type Environment, variableOf } from '../env/environment.ts';
import { codeOf } from '../env/error-code.ts';
import { readToken, tokenPath } from '../env/token-file.ts';
import { contextLabel, type RemoteServer, readContexts } from '../instances/contexts.ts';
import { instanceFolder } from '../instances/places.ts';
import { runStateOf } from '../instances/run-file.ts';
import { colorsOf } from './colors.ts';
import type { CommandContext } from './command-context.ts';

/** Where the server is and who asks. */
export interface Connection {
  /** Without a slash at its end. */
  readonly url: string;
  /** Null when none is known; the server then says that it wants one. */
  readonly token: string | null;
  /** What a person does about the token where it is refused. */
  readonly tokenHint: string;
  /** What a person does where nobody answers. */
  readonly startHint: string;
  /** The context that names the server: `prod/acme`. Null where flags or variables do, or none is chosen. */
  readonly context: string | null;
  /** The context's tenant: the `tenant_id` of operations that take one and were given none. */
  readonly tenantId: string | null;
}

export interface ConnectionFlags {
  readonly url?: string;
  readonly dataDir?: string;
}

const DEFAULT_URL = 'http://127.0.0.1:8000';
export const DEFAULT_DATA_DIR = './data';

/** Find the server as {@link findConnection} does, and show the context at a terminal, ahead of what comes from there. */
export async function connect(
  flags: ConnectionFlags,
  { env, streams: { stderr } }: Pick<CommandContext, 'env' | 'streams'>,
): Promise<Connection> {
  const connection = await findConnection(flags, env);
  if (connection.context !== null && stderr.isTTY === true) {
    const colors = colorsOf(stderr, env);
    stderr.write(`${colors.cyan(connection.context)} ${colors.dim(connection.url)}\n`);
  }
  return connection;
}

/**
 * Find the server by flags, by variables, by the context that was chosen, or where it is by default. A context counts
 * only where neither a URL nor a data folder is named: its token is for its server alone.
 *
 * @throws {MailProxyError} `invalid_config` when a file with the token or the context cannot be used
 */
export async function findConnection(flags: ConnectionFlags, env: Environment): Promise<Connection> {
  const url = flags.url ?? variableOf(env, 'GMP_URL');
  const folder = flags.dataDir ?? variableOf(env, 'GMP_DATA_DIR');
  const { current, servers } = url === undefined && folder === undefined ? await readContexts(env) : NO_CONTEXT;
  if (current === null) return { ...(await connectionInFolder(folder ?? DEFAULT_DATA_DIR, env, url)), ...NOT_CHOSEN };
  const chosen = { context: contextLabel(current), tenantId: current.tenant_id };
  const remote = servers[current.instance];
  if (remote !== undefined) return { ...(await connectionElsewhere(current.instance, remote, env)), ...chosen };
  const found = await connectionInFolder(instanceFolder(current.instance, env), env);
  return { ...found, ...chosen, startHint: `Start it with: mail-proxy serve ${current.instance}` };
}

const NO_CONTEXT = { current: null, servers: {} } as const;
const NOT_CHOSEN = { context: null, tenantId: null } as const;

/** A connection without what was chosen. */
export type PlainConnection = Omit<Connection, 'context' | 'tenantId'>;

/** The server of a data folder, at the URL that it wrote down there unless another is given. */

export async function connectionInFolder(folder: string, env: Environment, url?: string): Promise<PlainConnection> {
  return {
    url: (url ?? (await urlIn(folder)) ?? DEFAULT_URL).replace(/\/+$/, ''),
    token: (await givenToken(env)) ?? (await readToken(folder)),
    tokenHint: `Set GMP_API_TOKEN, or --data-dir to the folder of the server's token (now: ${tokenPath(folder)})`,
    startHint: 'Start the server with: mail-proxy serve\n  or say where it is: --url, or GMP_URL',
  };
}

/** As the server that runs there wrote it down. */
async function urlIn(folder: string): Promise<string | undefined> {
  const state = await runStateOf(folder);
  return state.kind === 'stopped' ? undefined : state.run.url;
}

/** A server elsewhere, with the token that was named with it. */
export async function connectionElsewhere(
  name: string,
  { url, token, token_file: file }: RemoteServer,
  env: Environment,
): Promise<PlainConnection> {
  const kept = token ?? (file === undefined ? null : await readTokenFile(file, `the context ${name}`));
  return {
    url,
    token: (await givenToken(env)) ?? kept,
    tokenHint: `Set GMP_API_TOKEN, or choose again: mail-proxy use ${name} --url ${url} --token-file FILE`,
    startHint: `See that it runs, or choose another server: mail-proxy use`,
  };
}

/** The token of the environment or of the file that it names. */
async function givenToken(env: Environment): Promise<string | null> {
  const file = variableOf(env, 'GMP_API_TOKEN_FILE');
  return (
    variableOf(env, 'GMP_API_TOKEN') ?? (file === undefined ? null : await readTokenFile(file, 'GMP_API_TOKEN_FILE'))
  );
}

/**
 * Read a token that somebody put into a file.
 *
 * @throws {MailProxyError} `invalid_config` when it cannot be read
 */
export async function readTokenFile(file: string, named: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    const detail = `${named}: the file cannot be read (${codeOf(cause)})`;
    throw new MailProxyError('invalid_config', { detail, cause });
  }
}
