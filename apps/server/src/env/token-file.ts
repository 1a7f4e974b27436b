// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { link, open, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { MailProxyError } from '@mail-proxy/core';

export interface KeptToken {
  readonly token: string;
  readonly path: string;
  /** Whether it was made just now. */
  readonly isNew: boolean;
}

export function tokenPath(dataDir: string): string {
  return join(dataDir, 'token');
}

/**
 * Read the token that a server made for itself; null when there is none.
 *
 * @throws {MailProxyError} `invalid_config` when others can read it, or it is none
 */
export async function readToken(dataDir: string): Promise<string | null> {
  const path = tokenPath(dataDir);
  let text: string;
  try {
    await refuseOpenFile(path);
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    if (error instanceof MailProxyError) throw error;
    throw new MailProxyError('invalid_config', { detail: `the token file ${path} cannot be read`, cause: error });
  }
  if (/^[!-~]{16,}$/.test(text)) return text;
  throw new MailProxyError('invalid_config', {
    detail: `the token file ${path} holds no token; delete it and a new one is made`,
  });
}

/**
 * Find the token in the data folder, or make one and keep it there (mode 0600).
 *
 * @throws {MailProxyError} `invalid_config`, as {@link readToken}
 */
export async function keepToken(dataDir: string): Promise<KeptToken> {
  const path = tokenPath(dataDir);
  const found = await readToken(dataDir);
  if (found !== null) return { token: found, path, isNew: false };
  const token = `mp_admin_${randomBytes(32).toString('base64url')}`;
  if (await createOnce(path, `${token}\n`)) return { token, path, isNew: true };
  // Another server was faster: its token is the one.
  const theirs = await readToken(dataDir);
  if (theirs === null) throw new MailProxyError('invalid_config', { detail: `the token file ${path} comes and goes` });
  return { token: theirs, path, isNew: false };
}

/** Written aside and linked into place: the file is whole or not there. False when it is there already. */
async function createOnce(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomBytes(8).toString('hex')}.new`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await file.close();
    await unlink(draft);
  }
}

async function refuseOpenFile(path: string): Promise<void> {
  const { mode } = await stat(path);
  // Windows has no such bits.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  throw new MailProxyError('invalid_config', {
    detail: `the token file ${path} can be read by other users; run: chmod 600 ${path}`,
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
