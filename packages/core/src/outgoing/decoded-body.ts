// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { outgoingFailed } from './outgoing-errors.ts';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
};

/** What a compressed body may have above its content: a header, and blocks of what cannot be made smaller. */
const COMPRESSION_OVERHEAD_BYTES = 65_536;

/**
 * Read a body as it was before its server encoded it. Neither what comes over the wire nor what becomes of it is more
 * than `maxBytes`: a bomb is left where it gets too large.
 *
 * @throws {MailProxyError} `outgoing_failed`: `too_large`, or `encoding` with an unknown one or several
 */
export async function* decodedBody(
  raw: Readable,
  headers: Readonly<Record<string, string>>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = decoderOf(headers['content-encoding'] ?? '');
  const maxRawBytes = decoder === null ? maxBytes : maxBytes + COMPRESSION_OVERHEAD_BYTES;
  if (Number(headers['content-length'] ?? 0) > maxRawBytes) throw tooLarge(maxBytes);
  if (decoder === null) {
    yield* atMost(raw, maxBytes, maxBytes);
    return;
  }
  const capped = (source: AsyncIterable<Uint8Array>) => atMost(source, maxRawBytes, maxBytes);
  // Whatever fails destroys the decoder, and is thrown to who reads that.
  pipeline(raw, capped, decoder, () => undefined);
  yield* atMost(decoder, maxBytes, maxBytes);
}

/** RFC 9110 §8.4: a list, in the order in which they were applied. Two of them have no use but to blow up. */
function decoderOf(contentEncoding: string): Transform | null {
  const encodings = contentEncoding
    .split(',')
    .map((encoding) => encoding.trim().toLowerCase())
    .filter((encoding) => encoding !== '' && encoding !== 'identity');
  const [encoding] = encodings;
  if (encoding === undefined) return null;
  if (encodings.length > 1) throw outgoingFailed('encoding', `the answer is encoded ${encodings.length} times`);
  const create = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined;
  if (create === undefined) throw outgoingFailed('encoding', 'the answer has an unknown encoding');
  return create();
}

async function* atMost(source: AsyncIterable<Uint8Array>, limit: number, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > limit) throw tooLarge(maxBytes);
    yield chunk;
  }
}

function tooLarge(maxBytes: number): Error {
  return outgoingFailed('too_large', `the answer is larger than ${maxBytes} bytes`);
}
