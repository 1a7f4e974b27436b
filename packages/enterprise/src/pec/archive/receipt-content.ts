// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SealedPlace, Sealer, Statement } from '@mail-proxy/core';
import type { PecDatabase, PecReceiptChunksTable } from '../receipts.table.ts';

/** Bytes in one row: a receipt that holds the whole mail is never in memory as a whole when it is read again. */
export const CHUNK_BYTES = 262_144;

export interface ContentParts {
  readonly sealer: Sealer;
  /** Whether messages are sealed at rest. */
  readonly isSealing: boolean;
}

/** The mails themselves, byte for byte, in pieces; sealed where messages are. */
export interface ReceiptContents {
  /** To be written behind the receipt's row. */
  write(receiptPk: string, raw: Uint8Array): readonly Statement[];
  /** @throws {MailProxyError} `sealed_with_unknown_key` */
  read(receiptPk: string): AsyncIterable<Uint8Array>;
}

export function createReceiptContents(database: PecDatabase, { sealer, isSealing }: ContentParts): ReceiptContents {
  const insert = database.prepare<PecReceiptChunksTable>((k, p) =>
    k.insertInto('pec_receipt_chunks').values({
      receipt_pk: p.receipt_pk,
      position: p.position,
      bytes: p.bytes,
      sealed_as: p.sealed_as,
    }),
  );
  const chunk = database.prepare<Pick<PecReceiptChunksTable, 'receipt_pk' | 'position'>, PecReceiptChunksTable>(
    (k, p) =>
      k
        .selectFrom('pec_receipt_chunks')
        .selectAll()
        .where('receipt_pk', '=', p.receipt_pk)
        .where('position', '=', p.position),
  );
  return {
    write: (receipt_pk, raw) =>
      Array.from({ length: Math.ceil(raw.byteLength / CHUNK_BYTES) }, (_, position) => {
        const bytes = raw.subarray(position * CHUNK_BYTES, (position + 1) * CHUNK_BYTES);
        if (!isSealing) return insert.bind({ receipt_pk, position, bytes, sealed_as: null });
        const sealed = sealer.sealBytes(bytes, placeOf({ receipt_pk, position }, raw.byteLength));
        const sealed_as = `${sealed.keyId}:${raw.byteLength}`;
        return insert.bind({ receipt_pk, position, bytes: sealed.bytes, sealed_as });
      }),
    async *read(receipt_pk) {
      for (let position = 0; ; position++) {
        const [row] = await database.read(chunk.bind({ receipt_pk, position }));
        if (row === undefined) return;
        if (row.sealed_as === null) yield row.bytes;
        else {
          const [keyId = '', sizeBytes = ''] = row.sealed_as.split(':');
          yield sealer.openBytes(row.bytes, placeOf(row, Number(sizeBytes)), keyId);
        }
      }
    },
  };
}

/** With the size of the whole, so that no piece can be left out; as rotation names it. */
function placeOf(
  { receipt_pk, position }: Pick<PecReceiptChunksTable, 'receipt_pk' | 'position'>,
  sizeBytes: number,
): SealedPlace {
  return { table: 'pec_receipt_chunks', column: 'bytes', row: `${receipt_pk}:${position}:${sizeBytes}` };
}
