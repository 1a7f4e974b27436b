// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MailProxyError } from '@mail-proxy/core';
import { codeOf } from '../env/error-code.ts';

/** Write a file as a whole, for this user only; its folder is made where there is none. */
export async function writeKept(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(8).toString('hex')}.new`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await rename(draft, path);
  } catch (error) {
    await file.close();
    await rm(draft, { force: true });
    throw error;
  }
}

/**
 * Read a file of JSON; null where there is none.
 *
 * @param advice - what a person is to do where it holds no JSON
 * @throws {MailProxyError} `invalid_config` when it cannot be read, or holds no JSON
 */
export async function readKept(path: string, advice: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null;
    const why = cause instanceof SyntaxError ? `holds no JSON; ${advice}` : `cannot be read (${codeOf(cause)})`;
    throw new MailProxyError('invalid_config', { detail: `${path} ${why}`, cause });
  }
}
