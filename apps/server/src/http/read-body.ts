// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Readable } from 'node:stream';
import { MailProxyError, type RequestPlace } from '@mail-proxy/core';

/** A request, and what it is for Node where it came over a socket: read from there, a body is copied once less. */
export interface ReadableRequest {
  readonly raw: Request;
  readonly incoming: Readable | undefined;
}

/** Read in one go; of larger ones only what has come counts as held, so that who sends slowly holds little. */
const SMALL_BYTES = 262_144;

/**
 * Read a request's body as far as it is allowed to go. A body that says it is too large is refused unread, one of
 * unknown length (chunked) at the first byte too many.
 *
 * @param place - counts what is held
 * @throws {MailProxyError} `body_too_large`, `overloaded`, `rate_limited`; `malformed_request` when the client went away
 * before its end
 */
export function readBody(
  request: ReadableRequest,
  maxBytes: number,
  place: RequestPlace | null = null,
): Promise<Uint8Array> {
  return joined(heldPieces(request, maxBytes, place));
}

/**
 * The same for one that is kept as it comes. The memory of the pieces is the caller's.
 *
 * @throws {MailProxyError} as {@link readBody}
 */
export async function* heldPieces(
  request: ReadableRequest,
  maxBytes: number,
  place: RequestPlace | null = null,
): AsyncGenerator<Uint8Array, void, undefined> {
  const length = declaredBytes(request.raw, maxBytes);
  if (length === 0) return;
  // HTTP's framing holds the client to what it declared. To ask for the body as a stream would already have one made.
  if (length !== null && length <= SMALL_BYTES) {
    place?.add(length);
    yield new Uint8Array(await orGone(request.raw.arrayBuffer()));
    return;
  }
  yield* heldAsTheyCome(piecesOf(request), maxBytes, place);
}

/**
 * The same piece by piece, for a body that is not to be in memory as a whole.
 *
 * @throws {MailProxyError} the same
 */
export async function* bodyPieces(
  request: ReadableRequest,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  declaredBytes(request.raw, maxBytes);
  let size = 0;
  for await (const piece of piecesOf(request)) {
    size += piece.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    yield piece;
  }
}

async function* heldAsTheyCome(
  pieces: AsyncIterable<Uint8Array>,
  maxBytes: number,
  place: RequestPlace | null,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  for await (const piece of pieces) {
    size += piece.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    place?.add(piece.byteLength);
    yield piece;
  }
}

/**
 * Gather pieces to their end.
 *
 * @throws {MailProxyError} `body_too_large`, `overloaded`, `rate_limited`; what the pieces throw
 */
export function readPieces(
  pieces: AsyncIterable<Uint8Array>,
  maxBytes: number,
  place: RequestPlace | null = null,
): Promise<Uint8Array> {
  return joined(heldAsTheyCome(pieces, maxBytes, place));
}

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** Null where the body comes in chunks. */
function declaredBytes({ headers }: Request, maxBytes: number): number | null {
  const declared = headers.get('content-length');
  if (declared === null || headers.has('transfer-encoding')) return null;
  const length = Number(declared);
  if (length > maxBytes) throw tooLarge(maxBytes);
  return length;
}

/** Left early, it is not cancelled: that would cut the connection on which the answer is to go out. */
function piecesOf({ raw, incoming }: ReadableRequest): AsyncIterable<Uint8Array> {
  return incoming === undefined ? piecesOfBody(raw.body) : piecesOfIncoming(incoming);
}

async function* piecesOfIncoming(incoming: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* incoming.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw goneEarly(error);
  }
}

async function* piecesOfBody(body: Request['body']): AsyncGenerator<Uint8Array, void, undefined> {
  if (body === null) return;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await orGone(reader.read());
    if (done) return;
    // Whose stream it is may go on using it.
    yield value.slice();
  }
}

async function orGone<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw goneEarly(error);
  }
}

function goneEarly(cause: unknown): MailProxyError {
  return new MailProxyError('malformed_request', { detail: 'the body ended before its time', cause });
}

function tooLarge(maxBytes: number): MailProxyError {
  return new MailProxyError('body_too_large', {
    detail: `expected at most ${maxBytes} bytes`,
    extra: { max_bytes: maxBytes },
  });
}
