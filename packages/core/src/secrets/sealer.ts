// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createSecretKey } from 'node:crypto';
import { MailProxyError } from '../errors.ts';
import { decrypt, encrypt } from './aead.ts';
import { KeyRing } from './key-ring.ts';
import { KEY_BYTES } from './key-text.ts';
import type { Sealed, SealedColumn } from './sealed-columns.ts';

/** Where a secret is stored. It is part of what is authenticated, so that a sealed value opens in its own place only. */
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
  /** Primary key of the row. */
  readonly row: string;
}

/** Keeps stored secrets unreadable without the key. */
export interface Sealer {
  /** Id of the key that seals now. */
  readonly keyId: string;
  seal(plain: string, place: SealedPlace): Sealed;
  /** @throws {MailProxyError} `sealed_with_unknown_key`, also when the value was altered or moved */
  open(sealed: string, place: SealedPlace): string;
  /** As bytes: the id of the key is to be kept beside them. */
  sealBytes(plain: Uint8Array, place: SealedPlace): { readonly keyId: string; readonly bytes: Uint8Array };
  /** @throws {MailProxyError} `sealed_with_unknown_key`, also when the bytes were altered or moved */
  openBytes(sealed: Uint8Array, place: SealedPlace, keyId: string): Uint8Array;
}

const FORM = /^sealed:v1:([0-9a-f]{8}):([A-Za-z0-9+/]+={0,2})$/;

/**
 * Seal with AES-256-GCM: `sealed:v1:<key id>:<base64 of nonce, ciphertext, tag>`.
 *
 * @param keys - a ring, or the 32 bytes of one key
 * @param columns - the only ones into which anything may be sealed; without them, all
 * @throws {MailProxyError} `invalid_config` for a key of another length
 */
export function createSealer(keys: KeyRing | Uint8Array, columns?: readonly SealedColumn[]): Sealer {
  const ring = keys instanceof KeyRing ? keys : ringOf(keys);
  const listed = columns && new Set(columns.map(({ table, column }) => `${table}.${column}`));

  const encryptAt = (place: SealedPlace, plain: Uint8Array): Buffer => {
    if (listed?.has(`${place.table}.${place.column}`) === false) {
      throw new Error(`${place.table}.${place.column} is in no list of sealed columns, so no rotation would find it`);
    }
    return encrypt(ring.sealingKey, plain, boundTo(place));
  };
  const decryptAt = (place: SealedPlace, sealed: Uint8Array, sealedBy: string): Buffer => {
    const key = ring.find(sealedBy);
    if (key === undefined) {
      ring.onMissing();
      throw unreadable(place, missingKey(sealedBy, ring));
    }
    let plain: Buffer | null;
    try {
      plain = decrypt(key, sealed, boundTo(place));
    } catch (cause) {
      throw unreadable(place, 'was altered, or belongs to another row', cause);
    }
    if (plain === null) throw unreadable(place, 'is cut short');
    return plain;
  };

  return {
    get keyId() {
      return ring.sealingId;
    },
    seal(plain, place) {
      const sealed = encryptAt(place, Buffer.from(plain, 'utf8'));
      // The only place where such a text is made.
      return `sealed:v1:${ring.sealingId}:${sealed.toString('base64')}` as Sealed;
    },
    open(sealed, place) {
      const [, sealedBy, content] = FORM.exec(sealed) ?? [];
      if (sealedBy === undefined || content === undefined) throw unreadable(place, 'is not in the sealed form');
      return decryptAt(place, Buffer.from(content, 'base64'), sealedBy).toString('utf8');
    },
    sealBytes: (plain, place) => ({ keyId: ring.sealingId, bytes: encryptAt(place, plain) }),
    openBytes(sealed, place, keyId) {
      if (keyId === '') throw unreadable(place, 'is not in the sealed form');
      return decryptAt(place, sealed, keyId);
    },
  };
}

/** Id of the key that sealed a value; null for a value that does not look sealed. */
export function sealedBy(value: string): string | null {
  // Most values are none, and long.
  return value.startsWith('sealed:') ? (FORM.exec(value)?.[1] ?? null) : null;
}

/** The bytes stay the caller's. */
function ringOf(bytes: Uint8Array): KeyRing {
  if (bytes.length !== KEY_BYTES) {
    throw new MailProxyError('invalid_config', { detail: `the encryption key must have ${KEY_BYTES} bytes` });
  }
  return new KeyRing([createSecretKey(bytes)]);
}

function missingKey(sealedBy: string, { ids }: KeyRing): string {
  const atHand = ids.length === 1 ? `the key in use is ${ids[0]}` : `the keys in use are ${ids.join(', ')}`;
  return `was sealed with the key ${sealedBy}, and ${atHand}`;
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
