// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { MailProxyError } from '../errors.ts';
import { decrypt, OVERHEAD_BYTES } from '../secrets/aead.ts';
import { KEY_BYTES, keyOfBytes, keyOfText } from '../secrets/key-text.ts';

/** What a stored value holds. */
export type OldSecret = { readonly kind: 'plain'; readonly text: string } | { readonly kind: 'unreadable' };

/** Opens what the original sealed: `ENC:`, then the base64 of nonce, ciphertext and tag (AES-256-GCM). */
export interface OldSecrets {
  readonly hasKey: boolean;
  open(value: string): OldSecret;
}

/** In place of a password that nobody can read: the server refuses it, and the account or mailbox waits until it is set. */
export const UNREADABLE_PASSWORD = 'set-me-anew';

const PREFIX = 'ENC:';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const NOTHING = Buffer.alloc(0);

/** @param key - null where the original had none, and kept everything as it was given */
export function createOldSecrets(key: KeyObject | null): OldSecrets {
  return {
    hasKey: key !== null,
    open(value) {
      const encoded = value.startsWith(PREFIX) ? value.slice(PREFIX.length) : '';
      const sealed = BASE64.test(encoded) ? Buffer.from(encoded, 'base64') : NOTHING;
      // The original stored a text as it is that itself begins so.
      if (sealed.length < OVERHEAD_BYTES) return { kind: 'plain', text: value };
      const plain = key === null ? null : opened(key, sealed);
      return plain === null ? { kind: 'unreadable' } : { kind: 'plain', text: plain };
    },
  };
}

function opened(key: KeyObject, sealed: Buffer): string | null {
  try {
    return decrypt(key, sealed, NOTHING)?.toString('utf8') ?? null;
  } catch {
    // Another key, or it was altered: GCM does not say which.
    return null;
  }
}

/**
 * Read a key as the original was given it.
 *
 * @throws {MailProxyError} `invalid_config` for what is not the base64 of 32 bytes; the text is not repeated
 */
export function genroKeyOfText(text: string, what: string): KeyObject {
  const key = keyOfText(text);
  if (key !== null) return key;
  throw new MailProxyError('invalid_config', { detail: `${what}: expected the base64 text of ${KEY_BYTES} bytes` });
}

/**
 * The same of a file: the 32 bytes themselves, as the original's secret had them, or their base64 text.
 *
 * @throws {MailProxyError} `invalid_config`
 */
export async function readGenroKey(path: string): Promise<KeyObject> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new MailProxyError('invalid_config', { detail: `the key file ${path} cannot be read`, cause });
  }
  // White space at either end may be of the key, and then the original did not take it.
  return bytes.length === KEY_BYTES
    ? keyOfBytes(bytes)
    : genroKeyOfText(bytes.toString('latin1'), `the key file ${path}`);
}
