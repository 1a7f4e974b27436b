// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { StorageFailure } from './storage-failure.ts';

/** Bytes of a key with its prefix: what all of these storages take. */
const MAX_KEY_BYTES = 1_024;
/** A storage may have one, and who puts something there another: behind both there is room for a key. */
const MAX_PREFIX_BYTES = 400;

/** Say what is wrong with a prefix, or null. The empty one is none. */
export function checkPrefix(prefix: string): string | null {
  if (Buffer.byteLength(prefix) > MAX_PREFIX_BYTES) return `expected at most ${MAX_PREFIX_BYTES} bytes`;
  return prefix === '' ? null : checkPath(prefix);
}

/**
 * The key below a prefix. Whoever reads a URL resolves `.` and `..` in its path, so that one of them might lead to
 * another's object.
 *
 * @throws {StorageFailure}
 */
export function keyBelow(prefix: string, key: string): string {
  const whole = prefix === '' ? key : `${prefix}/${key}`;
  const problem = checkPath(key) ?? checkPath(whole);
  if (problem !== null) throw new StorageFailure('misconfigured', `the name of the object: ${problem}`);
  return whole;
}

function checkPath(path: string): string | null {
  if (path === '' || path.startsWith('/')) return 'expected a path that does not begin with /';
  if (/\p{Cc}/u.test(path)) return 'expected no control characters';
  if (!path.isWellFormed()) return 'expected text in Unicode';
  if (path.split(/[\\/]/).some((segment) => segment === '.' || segment === '..'))
    return 'expected a path without . and ..';
  return Buffer.byteLength(path) > MAX_KEY_BYTES ? `expected at most ${MAX_KEY_BYTES} bytes` : null;
}
