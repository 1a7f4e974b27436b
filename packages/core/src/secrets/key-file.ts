// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, link, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MailProxyError } from '../errors.ts';
import { KEY_BYTES } from './sealer.ts';

export interface KeySource {
  /** Base64 of 32 bytes; when given, no file is touched. */
  readonly key?: string | undefined;
  /** Read, or made when missing. */
  readonly keyFile: string;
}

/** More than any key file has; a larger file is something else. */
const MAX_FILE_BYTES = 1_000;

/**
 * Find the key that seals stored secrets: the one given, else the file's, which is made (mode 0600) where there is none.
 * Of several processes that make it at once, all end up with the same key.
 *
 * @throws {MailProxyError} `invalid_config` when the key is malformed, or the file cannot be used or can be read by others
 */
export async function loadOrCreateKey({ key, keyFile }: KeySource): Promise<Buffer> {
  if (key !== undefined) return decodeKey(key, 'the encryption key');
  try {
    return (await readKey(keyFile)) ?? (await createKey(keyFile));
  } catch (error) {
    throw unusable(keyFile, error);
  }
}

/**
 * The key given, else the file's; null where there is none yet.
 *
 * @throws {MailProxyError} `invalid_config`, as {@link loadOrCreateKey}
 */
export async function findKey({ key, keyFile }: KeySource): Promise<Buffer | null> {
  if (key !== undefined) return decodeKey(key, 'the encryption key');
  try {
    return await readKey(keyFile);
  } catch (error) {
    throw unusable(keyFile, error);
  }
}

/**
 * Keep a key in a file that does not exist yet, as {@link loadOrCreateKey} would keep a new one. Whoever is faster wins.
 *
 * @returns the key that the file holds then
 * @throws {MailProxyError} `invalid_config` when the file cannot be made
 */
export async function keepKey(keyFile: string, key: Uint8Array): Promise<Buffer> {
  try {
    return await createKey(keyFile, key);
  } catch (error) {
    throw unusable(keyFile, error);
  }
}

function unusable(keyFile: string, error: unknown): MailProxyError {
  if (error instanceof MailProxyError) return error;
  return new MailProxyError('invalid_config', {
    detail: `the encryption key file ${keyFile} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    cause: error,
  });
}

async function readKey(path: string): Promise<Buffer | null> {
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
    return decodeKey(text, `the encryption key file ${path}`);
  } finally {
    await file.close();
  }
}

/** Written aside and linked into place, so that nobody ever reads half a key, not after a crash either. */
async function createKey(path: string, given: Uint8Array = randomBytes(KEY_BYTES)): Promise<Buffer> {
  const key = Buffer.from(given);
  const draft = `${path}.${randomBytes(8).toString('hex')}.new`;
  await writeSynced(draft, `${key.toString('base64')}\n`);
  try {
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    // Another process was faster: its key is the one.
    const theirs = await readKey(path);
    if (theirs === null) throw error;
    return theirs;
  } finally {
    await unlink(draft);
  }
  await syncFolder(dirname(path));
  return key;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
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

/** Strict, since Buffer.from skips what is not base64: a mistyped key must not become another key. */
function decodeKey(text: string, what: string): Buffer {
  const trimmed = text.trim();
  const key = Buffer.from(trimmed, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== trimmed) {
    throw new MailProxyError('invalid_config', { detail: `${what} must hold the base64 text of ${KEY_BYTES} bytes` });
  }
  return key;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
