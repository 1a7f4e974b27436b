// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Database } from '../../database/database.ts';
import { MailProxyError } from '../../errors.ts';
import type { Sealed } from '../../secrets/sealed-columns.ts';
import type { SealedPlace, Sealer } from '../../secrets/sealer.ts';
import { RecentCache } from '../recent-cache.ts';
import type { CoreSchema } from '../schema.ts';

/** Whose file, which piece of it, and how large the file is: a piece opens in its place only, and none can be left out. */
export interface ChunkPlace {
  readonly tenantId: string;
  /** The name of the file in its tenant. */
  readonly hash: string;
  readonly position: number;
  /** Bytes of the whole file. */
  readonly sizeBytes: number;
}

/** Which file of which message. */
export interface FilePlace {
  readonly messagePk: string;
  readonly position: number;
}

/** Seals what messages say and what they have attached, and opens both, sealed or not. */
export interface ContentSealer {
  /** Whether what is stored from now on is sealed. */
  readonly isOn: boolean;
  sealText(messagePk: string, text: string): string;
  /** @throws {MailProxyError} `sealed_with_unknown_key` */
  openText(messagePk: string, text: string): string;
  /** What is left of a file that was taken out of its message. */
  sealDetached(place: FilePlace, text: string): string;
  /** @throws {MailProxyError} `sealed_with_unknown_key` */
  openDetached(place: FilePlace, text: string): string;
  /** The name under which a file is stored: its SHA-256, or where files are sealed a keyed hash of that. */
  nameOf(tenantId: string, sha256: string): Promise<string>;
  /** What a list shows of a mail that a sandbox took. */
  sealSummary(mailPk: string, text: string): string;
  /** @throws {MailProxyError} `sealed_with_unknown_key` */
  openSummary(mailPk: string, text: string): string;
  /** A mail that a sandbox took. */
  sealCaptured(mailPk: string, bytes: Uint8Array): { readonly bytes: Uint8Array; readonly sealedAs: string | null };
  /** @throws {MailProxyError} `sealed_with_unknown_key` */
  openCaptured(mailPk: string, bytes: Uint8Array, sealedAs: string | null): Uint8Array;
  sealChunk(place: ChunkPlace, bytes: Uint8Array): { readonly bytes: Uint8Array; readonly sealedAs: string };
  /** @throws {MailProxyError} `sealed_with_unknown_key` */
  openChunk(place: Omit<ChunkPlace, 'sizeBytes'>, bytes: Uint8Array, sealedAs: string | null): Uint8Array;
}

/** Names of sealed files begin with it; a hash in hex never does. */
const KEYED = 'hmac-';
const NAMING_KEY_BYTES = 32;
const MAX_CACHED_TENANTS = 10_000;
const MAX_CACHE_AGE_MS = 3_600_000;
const SEALED_AS = /^([0-9a-f]{8}):(\d{1,16})$/;

/** Opens what is sealed, and seals nothing. */
export const plainContents: ContentSealer = {
  isOn: false,
  sealText: (_, text) => text,
  openText: (_, text) => text,
  sealDetached: (_, text) => text,
  openDetached: (_, text) => text,
  sealSummary: (_, text) => text,
  openSummary: (_, text) => text,
  sealCaptured: (_, bytes) => ({ bytes, sealedAs: null }),
  openCaptured: (_, bytes) => bytes,
  nameOf: async (_, sha256) => sha256,
  sealChunk() {
    throw new Error('nothing is sealed here');
  },
  openChunk: (_, bytes) => bytes,
};

export function createContentSealer(
  database: Database<CoreSchema>,
  { sealer, clock, isOn }: { readonly sealer: Sealer; readonly clock: Clock; readonly isOn: boolean },
): ContentSealer {
  const namingKeys = new RecentCache<KeyObject>({ maxEntries: MAX_CACHED_TENANTS, maxAgeMs: MAX_CACHE_AGE_MS, clock });
  const namingKeyOf = prepareNamingKeys(database, sealer);
  return {
    isOn,
    sealText: (messagePk, text) => (isOn ? sealer.seal(text, textPlace(messagePk)) : text),
    // What is not sealed is JSON of an object.
    openText: (messagePk, text) => (text.startsWith('{') ? text : sealer.open(text, textPlace(messagePk))),
    sealDetached: (file, text) => (isOn ? sealer.seal(text, detachedPlace(file)) : text),
    openDetached: (file, text) => (text.startsWith('{') ? text : sealer.open(text, detachedPlace(file))),
    sealSummary: (mailPk, text) => (isOn ? sealer.seal(text, summaryPlace(mailPk)) : text),
    openSummary: (mailPk, text) => (text.startsWith('{') ? text : sealer.open(text, summaryPlace(mailPk))),
    sealCaptured(mailPk, bytes) {
      if (!isOn) return { bytes, sealedAs: null };
      const sealed = sealer.sealBytes(bytes, capturedPlace(mailPk, bytes.byteLength));
      return { bytes: sealed.bytes, sealedAs: `${sealed.keyId}:${bytes.byteLength}` };
    },
    openCaptured(mailPk, bytes, sealedAs) {
      if (sealedAs === null) return bytes;
      const { keyId, sizeBytes } = parseSealedAs(sealedAs);
      return sealer.openBytes(bytes, capturedPlace(mailPk, sizeBytes), keyId);
    },
    async nameOf(tenantId, sha256) {
      if (!isOn) return sha256;
      const key = await namingKeys.get(tenantId, () => namingKeyOf(tenantId));
      if (key === null) throw new MailProxyError('not_found', { detail: 'the tenant is gone' });
      return KEYED + createHmac('sha256', key).update(sha256).digest('hex');
    },
    sealChunk(place, bytes) {
      const sealed = sealer.sealBytes(bytes, chunkPlace(place));
      return { bytes: sealed.bytes, sealedAs: `${sealed.keyId}:${place.sizeBytes}` };
    },
    openChunk(place, bytes, sealedAs) {
      // A keyed name says that it was sealed, whatever stands in the row.
      if (sealedAs === null && !place.hash.startsWith(KEYED)) return bytes;
      const { keyId, sizeBytes } = parseSealedAs(sealedAs ?? '');
      return sealer.openBytes(bytes, chunkPlace({ ...place, sizeBytes }), keyId);
    },
  };
}

/** Key and size of the file, as a row of a piece says them. */
export function parseSealedAs(sealedAs: string): { readonly keyId: string; readonly sizeBytes: number } {
  const [, keyId = '', sizeBytes = '0'] = SEALED_AS.exec(sealedAs) ?? [];
  return { keyId, sizeBytes: Number(sizeBytes) };
}

export function chunkPlace({ tenantId, hash, position, sizeBytes }: ChunkPlace): SealedPlace {
  return { table: 'attachment_chunks', column: 'bytes', row: `${tenantId}:${hash}:${position}:${sizeBytes}` };
}

function textPlace(messagePk: string): SealedPlace {
  return { table: 'message_contents', column: 'content', row: messagePk };
}

function detachedPlace({ messagePk, position }: FilePlace): SealedPlace {
  return { table: 'message_attachments', column: 'detached', row: `${messagePk}:${position}` };
}

function summaryPlace(mailPk: string): SealedPlace {
  return { table: 'captured_mails', column: 'summary', row: mailPk };
}

function capturedPlace(mailPk: string, sizeBytes: number): SealedPlace {
  return { table: 'captured_contents', column: 'bytes', row: `${mailPk}:${sizeBytes}` };
}

/** Each tenant has a key of its own, made when it is first needed; of several that make it at once one stays. */
function prepareNamingKeys(database: Database<CoreSchema>, sealer: Sealer) {
  const select = database.prepare<{ tenant_id: string }, { naming_key: Sealed }>((k, p) =>
    k.selectFrom('content_keys').select('naming_key').where('tenant_id', '=', p.tenant_id),
  );
  const insert = database.prepare<{ tenant_id: string; naming_key: Sealed }>((k, p) =>
    k
      .insertInto('content_keys')
      .columns(['tenant_id', 'naming_key'])
      .expression((eb) =>
        eb
          .selectFrom('tenants')
          .select([eb.val(p.tenant_id).as('tenant_id'), eb.val(p.naming_key).as('naming_key')])
          .where('tenants.id', '=', p.tenant_id),
      )
      .onConflict((conflict) => conflict.column('tenant_id').doNothing()),
  );
  const place = (tenantId: string): SealedPlace => ({ table: 'content_keys', column: 'naming_key', row: tenantId });
  const find = async (tenantId: string): Promise<KeyObject | null> => {
    const [row] = await database.read(select.bind({ tenant_id: tenantId }));
    if (row === undefined) return null;
    return createSecretKey(Buffer.from(sealer.open(row.naming_key, place(tenantId)), 'base64'));
  };
  return async (tenantId: string): Promise<KeyObject | null> => {
    const known = await find(tenantId);
    if (known !== null) return known;
    const made = sealer.seal(randomBytes(NAMING_KEY_BYTES).toString('base64'), place(tenantId));
    await database.write([insert.bind({ tenant_id: tenantId, naming_key: made })]);
    return find(tenantId);
  };
}
