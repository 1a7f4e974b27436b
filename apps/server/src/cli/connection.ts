// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFile } from 'node:fs/promises';
import { MailProxyError } from '@mail-proxy/core';
import { type Environment, variableOf } from '../env/environment.ts';
import { codeOf } from '../env/error-code.ts';
import { readToken, tokenPath } from '../env/token-file.ts';

/** Where the server is and who asks. */
export interface Connection {
  /** Without a slash at its end. */
  readonly url: string;
  /** Null when none is known; the server then says that it wants one. */
  readonly token: string | null;
}

export interface ConnectionFlags {
  readonly url?: string;
  readonly dataDir?: string;
}

const DEFAULT_URL = 'http://127.0.0.1:8000';
export const DEFAULT_DATA_DIR = './data';

/** Find the server by flag, environment or default, and the token by environment or in the data folder. */
export async function findConnection(flags: ConnectionFlags, env: Environment): Promise<Connection> {
  const url = flags.url ?? variableOf(env, 'GMP_URL') ?? DEFAULT_URL;
  return { url: url.replace(/\/+$/, ''), token: await findToken(flags, env) };
}

/**
 * The token of the environment or of the file that it names, else of the data folder.
 *
 * @throws {MailProxyError} `invalid_config` when the file cannot be used
 */
export async function findToken({ dataDir }: ConnectionFlags, env: Environment): Promise<string | null> {
  const file = variableOf(env, 'GMP_API_TOKEN_FILE');
  const given = variableOf(env, 'GMP_API_TOKEN') ?? (file === undefined ? undefined : await readGivenToken(file));
  return given ?? (await readToken(dataFolder(dataDir, env)));
}

async function readGivenToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    const detail = `GMP_API_TOKEN_FILE: the file cannot be read (${codeOf(cause)})`;
    throw new MailProxyError('invalid_config', { detail, cause });
  }
}

/** Where a token would be, for hints. */
export function tokenPlace(dataDir: string | undefined, env: Environment): string {
  return tokenPath(dataFolder(dataDir, env));
}

function dataFolder(dataDir: string | undefined, env: Environment): string {
  return dataDir ?? variableOf(env, 'GMP_DATA_DIR') ?? DEFAULT_DATA_DIR;
}
