// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { handingOver } from '../database/statement.ts';
import { type ContentSealer, parseSealedAs, plainContents } from '../entities/message/content-sealer.ts';
import type { AttachmentChunksTable } from '../entities/message/message.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { CHUNK_BYTES } from './attachment-chunks.ts';

/** Bytes that may be read, in pieces of any size. */
export interface ContentSource {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  read(): AsyncIterable<Uint8Array>;
}

/** Whose bytes, and which. */
export interface ContentKey {
  readonly tenantId: string;
  readonly hash: string;
}

/** The bytes of attachments: each once in a tenant, whatever messages have them. */
export interface AttachmentContents {
  /**
   * Store bytes, unless the tenant has them; in pieces, so that a large file is never in memory as a whole. They are
   * kept for an hour, and then as long as a message has them.
   *
   * @returns the hash by which a message names them
   */
  store(tenantId: string, source: ContentSource, now: number): Promise<string>;
  /** The name under which the tenant has the file of this SHA-256, or would have it. */
  nameOf(tenantId: string, sha256: string): Promise<string>;
  /** Say that a file is wanted, so that it stays for another hour. @returns its size; null where it is not stored */
  want(key: ContentKey, now: number): Promise<number | null>;
  /** Bytes of a stored file; null where it is not stored. */
  sizeOf(key: ContentKey): Promise<number | null>;
  /** The bytes of a stored file, in pieces of CHUNK_BYTES. */
  read(key: ContentKey): AsyncIterable<Uint8Array>;
  /** Delete up to `limit` files that no message has and that nobody wanted since `before`. @returns how many */
  forget(before: number, limit: number): Promise<number>;
}

interface KeyInput {
  readonly tenant_id: string;
  readonly hash: string;
}

export function createAttachmentContents(
  db: Database<CoreSchema>,
  contents: ContentSealer = plainContents,
): AttachmentContents {
  const want = db.prepare<KeyInput & { now: number }, { size_bytes: number | null }>((k, p) =>
    k
      .updateTable('attachment_contents')
      .set({ used_at: p.now })
      .where('tenant_id', '=', p.tenant_id)
      .where('hash', '=', p.hash)
      .where('size_bytes', 'is not', null)
      .returning('size_bytes'),
  );
  const size = db.prepare<KeyInput, { size_bytes: number | null }>((k, p) =>
    k
      .selectFrom('attachment_contents')
      .select('size_bytes')
      .where('tenant_id', '=', p.tenant_id)
      .where('hash', '=', p.hash),
  );
  const begin = db.prepare<KeyInput & { now: number }, { size_bytes: number | null }>((k, p) =>
    k
      .insertInto('attachment_contents')
      .values({ tenant_id: p.tenant_id, hash: p.hash, size_bytes: null, used_at: p.now })
      .onConflict((oc) => oc.columns(['tenant_id', 'hash']).doUpdateSet({ used_at: p.now }))
      .returning('size_bytes'),
  );
  const addChunk = db.prepare<KeyInput & Pick<AttachmentChunksTable, 'position' | 'bytes' | 'sealed_as'>>((k, p) =>
    k
      .insertInto('attachment_chunks')
      .values({ tenant_id: p.tenant_id, hash: p.hash, position: p.position, bytes: p.bytes, sealed_as: p.sealed_as })
      .onConflict((oc) => oc.doNothing()),
  );
  const complete = db.prepare<KeyInput & { size: number; now: number }>((k, p) =>
    k
      .updateTable('attachment_contents')
      .set({ size_bytes: p.size, used_at: p.now })
      .where('tenant_id', '=', p.tenant_id)
      .where('hash', '=', p.hash),
  );
  const forget = db.prepare<{ before: number; limit: number }>((k, p) =>
    k
      .deleteFrom('attachment_contents')
      .where(
        sql<boolean>`(tenant_id, hash) in (
          select c.tenant_id, c.hash from ${sql.table('attachment_contents')} c
          where c.used_at < ${p.before} and ${isUnused('c')}
          order by c.used_at limit ${p.limit}
        )`,
      )
      // Asked again of the row as it is when it is deleted: somebody may have wanted it meanwhile.
      .where('used_at', '<', p.before)
      .where(isUnused('attachment_contents')),
  );

  return {
    async store(tenantId, { sizeBytes, sha256, read }, now) {
      const hash = await contents.nameOf(tenantId, sha256);
      const key = { tenant_id: tenantId, hash };
      const [begun] = await db.write([begin.bind({ ...key, now })]);
      if (begun.rows[0]?.size_bytes != null) return hash;
      let position = 0;
      let written = 0;
      for await (const bytes of inChunks(read())) {
        written += bytes.byteLength;
        const chunk = contents.isOn
          ? contents.sealChunk({ tenantId, hash, position, sizeBytes }, bytes)
          : { bytes, sealedAs: null };
        const added = addChunk.bind({ ...key, position, bytes: chunk.bytes, sealed_as: chunk.sealedAs });
        await db.write([handingOver(added)]);
        position += 1;
      }
      if (written !== sizeBytes) throw new Error(`a file of ${sizeBytes} bytes had ${written} when it was stored`);
      await db.write([complete.bind({ ...key, size: sizeBytes, now })]);
      return hash;
    },
    nameOf: (tenantId, sha256) => contents.nameOf(tenantId, sha256),
    async want({ tenantId, hash }, now) {
      const [wanted] = await db.write([want.bind({ tenant_id: tenantId, hash, now })]);
      return wanted.rows[0]?.size_bytes ?? null;
    },
    async sizeOf({ tenantId, hash }) {
      const [row] = await db.read(size.bind({ tenant_id: tenantId, hash }));
      return row?.size_bytes ?? null;
    },
    read: prepareReadContent(db, contents),
    async forget(before, limit) {
      const [{ changes }] = await db.write([forget.bind({ before, limit })]);
      return changes;
    },
  };
}

/** See {@link AttachmentContents.read}. */
export function prepareReadContent(
  db: Database<CoreSchema>,
  contents: ContentSealer = plainContents,
): AttachmentContents['read'] {
  const chunk = db.prepare<KeyInput & { position: number }, Pick<AttachmentChunksTable, 'bytes' | 'sealed_as'>>(
    (k, p) =>
      k
        .selectFrom('attachment_chunks')
        .select(['bytes', 'sealed_as'])
        .where('tenant_id', '=', p.tenant_id)
        .where('hash', '=', p.hash)
        .where('position', '=', p.position),
  );
  return async function* read({ tenantId, hash }) {
    // Each piece of a sealed file says how large all of it is, and cannot lie: the last ones are not left out.
    let left = 0;
    for (let position = 0; ; position++) {
      const [row] = await db.read(chunk.bind({ tenant_id: tenantId, hash, position }));
      if (row === undefined && left > 0) throw new Error(`the file ${hash} lacks its last ${left} bytes`);
      if (row === undefined) return;
      const bytes = contents.openChunk({ tenantId, hash, position }, row.bytes, row.sealed_as);
      if (row.sealed_as !== null) {
        left = (position === 0 ? parseSealedAs(row.sealed_as).sizeBytes : left) - bytes.byteLength;
      }
      yield bytes;
    }
  };
}

function isUnused(table: string) {
  return sql<boolean>`not exists (
    select 1 from ${sql.table('message_attachments')} a
    where a.tenant_id = ${sql.ref(`${table}.tenant_id`)} and a.content_hash = ${sql.ref(`${table}.hash`)}
  )`;
}

/** Gather pieces of any size into pieces of CHUNK_BYTES; of nothing, one empty piece. */
async function* inChunks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let chunk = new Uint8Array(CHUNK_BYTES);
  let length = 0;
  let isFirst = true;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.byteLength; ) {
      const taken = piece.subarray(at, at + CHUNK_BYTES - length);
      chunk.set(taken, length);
      at += taken.byteLength;
      length += taken.byteLength;
      if (length < CHUNK_BYTES) break;
      yield chunk;
      isFirst = false;
      // The one before is with the thread that writes.
      chunk = new Uint8Array(CHUNK_BYTES);
      length = 0;
    }
  }
  if (length > 0 || isFirst) yield chunk.slice(0, length);
}
