// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { pipeline, Readable, Transform } from 'node:stream';
import { StorageFailure } from './storage-failure.ts';

/** The same stream, which fails at what is more than `maxBytes`: the SDK would read any answer into memory. */
export function limitedBody(body: unknown, maxBytes: number): unknown {
  if (!(body instanceof Readable)) return body;
  let seenBytes = 0;
  const limited = new Transform({
    transform(piece: Buffer, _encoding, done) {
      seenBytes += piece.byteLength;
      if (seenBytes <= maxBytes) done(null, piece);
      else done(new StorageFailure('unavailable', `the storage answers with more than ${maxBytes} bytes`));
    },
  });
  // It fails with what either of the two fails of, and who reads it is told.
  return pipeline(body, limited, () => undefined);
}
