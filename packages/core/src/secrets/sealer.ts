// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { MailProxyError } from '../errors.ts';

/** Where a secret is stored. It is part of what is authenticated, so that a sealed value opens in its own place only. */
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
  /** Primary key of the row. */
  readonly row: string;
}

/** Keeps stored secrets unreadable without the key. */
export interface Sealer {
  /** First 8 hex digits of the SHA-256 of the key; stands in every sealed value. */
  readonly keyId: string;
  seal(plain: string, place: SealedPlace): string;
  /** @throws {MailProxyError} `sealed_with_unknown_key`, also when the value was altered or moved */
  open(sealed: string, place: SealedPlace): string;
}

/** Bytes of an AES-256 key. */
export const KEY_BYTES = 32;
/** 96 bits, drawn at random: safe for 2^32 values under one key (NIST SP 800-38D, 8.3). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const CIPHER = 'aes-256-gcm';
const FORM = /^sealed:v1:([0-9a-f]{8}):([A-Za-z0-9+/]+={0,2})$/;

/**
 * Seal with AES-256-GCM: `sealed:v1:<key id>:<base64 of nonce, ciphertext, tag>`.
 *
 * @param key - 32 bytes
 * @throws {MailProxyError} `invalid_config` for a key of another length
 */
export function createSealer(key: Uint8Array): Sealer {
  if (key.length !== KEY_BYTES) {
    throw new MailProxyError('invalid_config', { detail: `the encryption key must have ${KEY_BYTES} bytes` });
  }
  const keyId = createHash('sha256').update(key).digest('hex').slice(0, 8);

  return {
    keyId,
    seal(plain, place) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(boundTo(place));
      const sealed = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `sealed:v1:${keyId}:${sealed.toString('base64')}`;
    },
    open(sealed, place) {
      const [, sealedBy, content] = FORM.exec(sealed) ?? [];
      if (sealedBy === undefined || content === undefined) throw unreadable(place, 'is not in the sealed form');
      if (sealedBy !== keyId) {
        throw unreadable(place, `was sealed with the key ${sealedBy}, and the key in use is ${keyId}`);
      }
      const bytes = Buffer.from(content, 'base64');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) throw unreadable(place, 'is cut short');
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const tag = bytes.subarray(-TAG_BYTES);
      try {
        const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
        decipher.setAAD(boundTo(place)).setAuthTag(tag);
        const plain = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([plain, decipher.final()]).toString('utf8');
      } catch (cause) {
        throw unreadable(place, 'was altered, or belongs to another row', cause);
      }
    },
  };
}

/** Id of the key that sealed a value; null for a value that does not look sealed. */
export function sealedBy(value: string): string | null {
  // Most values are none, and long.
  return value.startsWith('sealed:') ? (FORM.exec(value)?.[1] ?? null) : null;
}

function boundTo({ table, column, row }: SealedPlace): Buffer {
  // Tables and columns have no bar in their names, so that the row may hold anything.
  return Buffer.from(`${table}|${column}|${row}`, 'utf8');
}

function unreadable({ table, column, row }: SealedPlace, why: string, cause?: unknown): MailProxyError {
  return new MailProxyError('sealed_with_unknown_key', {
    detail: `the secret ${table}.${column} of ${row} ${why}`,
    cause,
  });
}
