// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type KeyObject, randomBytes } from 'node:crypto';
import { constants, type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MailProxyError } from '../errors.ts';
import { KEY_BYTES, keyOfBytes, parseKeys, textOfKey } from './key-text.ts';

/** More than any key file has; a larger file is something else. */
const MAX_FILE_BYTES = 16_384;

/** Make a key out of 32 random bytes. */
export function newKey(): KeyObject {
  return keyOfBytes(randomBytes(KEY_BYTES));
}

/**
 * Read the keys of a file, the one that seals first; null where there is no file.
 *
 * @throws {MailProxyError} `invalid_config` when it is malformed, cannot be used or can be read by others
 */
export function readKeyFile(path: string): Promise<readonly KeyObject[] | null> {
  return usable(path, () => readKeys(path));
}

/**
 * Keep keys in a file that does not exist yet, for its owner only. Of several processes that make it at once, all end
 * up with the same: those of the fastest.
 *
 * @returns the keys that the file holds then
 * @throws {MailProxyError} `invalid_config` when the file cannot be made
 */
export function createKeyFile(path: string, keys: readonly KeyObject[] = [newKey()]): Promise<readonly KeyObject[]> {
  return usable(path, () => createFile(path, keys));
}

/**
 * Put a key into a file that holds others: as the one that seals, or after them, so that it only opens. The file is
 * replaced as a whole, and has the keys of before or all of them at any instant.
 *
 * @throws {MailProxyError} `invalid_config` when there is no such file, or it cannot be used
 */
export async function addKeyToFile(path: string, key: KeyObject, place: 'first' | 'last'): Promise<void> {
  const keys = await readKeyFile(path);
  if (keys === null) throw new MailProxyError('invalid_config', { detail: `there is no encryption key file ${path}` });
  const all = place === 'first' ? [key, ...keys] : [...keys, key];
  await usable(path, async () => {
    const draft = await writeDraft(path, all);
    await rename(draft, path);
    await syncFolder(dirname(path));
  });
}

async function usable<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof MailProxyError) throw error;
    throw new MailProxyError('invalid_config', {
      detail: `the encryption key file ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      cause: error,
    });
  }
}

async function readKeys(path: string): Promise<readonly KeyObject[] | null> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
  try {
    const { mode, size } = await file.stat();
    // Windows has no such bits.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new MailProxyError('invalid_config', {
        detail: `the encryption key file ${path} can be read by other users (mode ${(mode & 0o777).toString(8).padStart(4, '0')}); run: chmod 600 ${path}`,
      });
    }
    const text = size > MAX_FILE_BYTES ? '' : await file.readFile('utf8');
    return parseKeys(text, `the encryption key file ${path}`);
  } finally {
    await file.close();
  }
}

/** Written aside and linked into place, so that nobody ever reads half a key, not after a crash either. */
async function createFile(path: string, keys: readonly KeyObject[]): Promise<readonly KeyObject[]> {
  const draft = await writeDraft(path, keys);
  try {
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    // Another process was faster: its key is the one.
    const theirs = await readKeys(path);
    if (theirs === null) throw error;
    return theirs;
  } finally {
    await unlink(draft);
  }
  await syncFolder(dirname(path));
  return keys;
}

async function writeDraft(path: string, keys: readonly KeyObject[]): Promise<string> {
  const draft = `${path}.${randomBytes(8).toString('hex')}.new`;
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(keys.map((key) => `${textOfKey(key)}\n`).join(''));
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

/** A new name in a folder survives a power cut only once the folder is synced. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
