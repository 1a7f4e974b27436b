// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash, createSecretKey, KeyObject } from 'node:crypto';
import { MailProxyError } from '../errors.ts';

/** Bytes of an AES-256 key. */
export const KEY_BYTES = 32;

/** Digits of a key's id: enough to tell the keys of one installation apart, and far too few to learn anything of a key. */
const ID_DIGITS = 8;

/** Make a key of its bytes, which are wiped. What is left is an object that neither logs nor `util.inspect` show. */
export function keyOfBytes(bytes: Buffer): KeyObject {
  if (bytes.length !== KEY_BYTES) {
    throw new MailProxyError('invalid_config', { detail: `the encryption key must have ${KEY_BYTES} bytes` });
  }
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

/** First 8 hex digits of the SHA-256 of the key; stands in every sealed value. */
export function keyIdOf(key: KeyObject): string {
  const bytes = key.export();
  const id = createHash('sha256').update(bytes).digest('hex').slice(0, ID_DIGITS);
  bytes.fill(0);
  return id;
}

/** The key of its base64 text; null for any other text. Strict: a mistyped key must not become another key. */
export function keyOfText(text: string): KeyObject | null {
  const trimmed = text.trim();
  // Buffer.from skips what is not base64.
  const bytes = Buffer.from(trimmed, 'base64');
  return bytes.length === KEY_BYTES && bytes.toString('base64') === trimmed ? keyOfBytes(bytes) : null;
}

/** The base64 text of a key, for the file that keeps it. */
export function textOfKey(key: KeyObject): string {
  return key.export().toString('base64');
}

/**
 * Read a list of keys: one a line, the first seals and all open. Empty lines and those that begin with `#` are skipped.
 *
 * @param what - names the text in the error, which never repeats it
 * @throws {MailProxyError} `invalid_config` when a line is no key, or when there is none
 */
export function parseKeys(text: string, what: string): readonly KeyObject[] {
  const lines = text
    .split('\n')
    .map((line, at) => ({ line: line.trim(), number: at + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  const keys = lines.map(({ line, number }) => {
    const key = keyOfText(line);
    if (key !== null) return key;
    const where = lines.length === 1 ? '' : ` in each line; line ${number} is another text`;
    throw new MailProxyError('invalid_config', {
      detail: `${what} must hold the base64 text of ${KEY_BYTES} bytes${where}`,
    });
  });
  if (keys.length > 0) return keys;
  throw new MailProxyError('invalid_config', { detail: `${what} must hold the base64 text of ${KEY_BYTES} bytes` });
}

export function isKeyObject(value: unknown): value is KeyObject {
  return value instanceof KeyObject && value.type === 'secret' && value.symmetricKeySize === KEY_BYTES;
}
