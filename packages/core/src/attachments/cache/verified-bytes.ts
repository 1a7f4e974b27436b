// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { MailProxyError } from '../../errors.ts';

export interface ExpectedBytes {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Not looked at when absent: MD5 is three times as slow as SHA-256, and proves no more beside it. */
  readonly md5?: string;
}

/**
 * Hand on the pieces of a content while they are hashed. The last piece is held back until size and hashes are right,
 * so that nobody takes other bytes for the whole.
 *
 * @throws {MailProxyError} `cached_content_lost` when they are not; and what `source` throws
 */
export async function* verifiedBytes(
  source: AsyncIterable<Uint8Array>,
  { sizeBytes, sha256, md5 }: ExpectedBytes,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bySha256 = createHash('sha256');
  const byMd5 = md5 === undefined ? null : createHash('md5');
  let seenBytes = 0;
  let held: Uint8Array | null = null;
  for await (const piece of source) {
    // Held back in the last one's place, it would let the last one go.
    if (piece.length === 0) continue;
    seenBytes += piece.length;
    if (seenBytes > sizeBytes) throw otherBytes(`there are more than ${sizeBytes} bytes`);
    bySha256.update(piece);
    byMd5?.update(piece);
    if (held !== null) yield held;
    held = piece;
  }
  if (seenBytes < sizeBytes) throw otherBytes(`there are ${seenBytes} bytes of ${sizeBytes}`);
  if (bySha256.digest('hex') !== sha256) throw otherBytes('their SHA-256 is another');
  if (byMd5 !== null && byMd5.digest('hex') !== md5) throw otherBytes('their MD5 is another');
  if (held !== null) yield held;
}

function otherBytes(why: string): MailProxyError {
  return new MailProxyError('cached_content_lost', { detail: `the bytes are not those that the hash names: ${why}` });
}
