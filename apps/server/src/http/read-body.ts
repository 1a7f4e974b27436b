// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '@mail-proxy/core';

const NOTHING = new Uint8Array(0);

/**
 * Read a request's body as far as it is allowed to go. A body that says it is too large is refused unread, one of
 * unknown length (chunked) at the first byte too many.
 *
 * @throws {MailProxyError} `body_too_large`; `malformed_request` when the client went away before its end
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const declared = request.headers.get('content-length');
  const isChunked = request.headers.has('transfer-encoding');
  if (declared !== null && !isChunked) {
    const length = Number(declared);
    if (length > maxBytes) throw tooLarge(maxBytes);
    if (length === 0) return NOTHING;
    // HTTP's framing holds the client to what it declared.
    return new Uint8Array(await orGone(request.arrayBuffer()));
  }
  if (request.body === null) return NOTHING;
  return readBounded(request.body, maxBytes);
}

async function readBounded(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await orGone(reader.read());
    if (done) return Buffer.concat(chunks, size);
    size += value.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(value);
  }
}

async function orGone<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw new MailProxyError('malformed_request', { detail: 'the body ended before its time', cause: error });
  }
}

function tooLarge(maxBytes: number): MailProxyError {
  return new MailProxyError('body_too_large', {
    detail: `expected at most ${maxBytes} bytes`,
    extra: { max_bytes: maxBytes },
  });
}
