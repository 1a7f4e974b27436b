// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isAscii } from 'node:buffer';
import type { ByteSource } from './byte-source.ts';
import { base64LinesBytes, encodeBase64Source } from './compose/base64-lines.ts';
import { CHUNK_BYTES, endsWithLineBreak } from './dot-stuffing.ts';

/** A message as CRLF lines, not dot-stuffed: whole, or read while it is sent. */
export type MessageBody = Uint8Array | StreamedBody;

/** Lines that go as they are, each with its CRLF. */
export interface LineSource {
  readonly lines: ByteSource;
  readonly isAscii: boolean;
}

/** A message with files that are not in memory. All that has to be known before it is sent is known without reading. */
export interface StreamedBody {
  /** In their order; a bare source goes in base64, in lines of 76 characters, without a line break at its end. */
  readonly parts: readonly StreamedPart[];
  /** Of the message, not of what is in memory. */
  readonly byteLength: number;
  /** Whether it goes without 8BITMIME. */
  readonly isAscii: boolean;
}

export type StreamedPart = Buffer | ByteSource | LineSource;

/** Join what a message is made of: to one buffer, unless a part is a source. */
export function joinParts(parts: readonly (string | Buffer | ByteSource)[]): Buffer | StreamedBody {
  const joined: (Buffer | ByteSource)[] = [];
  let buffers: Buffer[] = [];
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    if (text !== '') buffers.push(Buffer.from(text));
    text = '';
    if (Buffer.isBuffer(part)) {
      buffers.push(part);
    } else {
      joined.push(Buffer.concat(buffers), part);
      buffers = [];
    }
  }
  const rest = Buffer.from(text);
  const last = buffers.length === 0 ? rest : Buffer.concat([...buffers, rest]);
  return joined.length === 0 ? last : streamedBody([...joined, last]);
}

export function streamedBody(parts: StreamedBody['parts']): StreamedBody {
  const some = parts.filter((part) => !Buffer.isBuffer(part) || part.length > 0);
  return {
    parts: some,
    byteLength: some.reduce((sum, part) => sum + lengthOf(part), 0),
    isAscii: some.every(isAsciiPart),
  };
}

/**
 * Read a streamed message from its start, in chunks for the socket, as often as it is wanted. Nothing is read before it
 * is asked for.
 *
 * @throws Error where a source gives more or less than it said, and whatever it throws itself
 */
export async function* readBody({ parts }: StreamedBody): AsyncGenerator<Buffer, void, undefined> {
  for (const part of parts) {
    if (Buffer.isBuffer(part)) yield* chunksOf(part);
    else if ('lines' in part) yield* readLines(part);
    else yield* encodeBase64Source(part);
  }
}

async function* readLines({ lines }: LineSource): AsyncGenerator<Buffer, void, undefined> {
  let readBytes = 0;
  for await (const piece of lines.read()) {
    readBytes += piece.byteLength;
    yield* chunksOf(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
  }
  if (readBytes !== lines.sizeBytes) {
    throw new Error(`a source of ${lines.sizeBytes} bytes gave ${readBytes}`);
  }
}

function* chunksOf(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

/** The fields of a message, each with its CRLF. Those of a streamed one stand in front of what is read. */
export function headOf(body: MessageBody): string {
  const start = body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.length) : startOf(body);
  const end = start.indexOf('\r\n\r\n');
  return (end < 0 ? start : start.subarray(0, end + 2)).toString();
}

function startOf({ parts }: StreamedBody): Buffer {
  const start: Buffer[] = [];
  for (const part of parts) {
    if (!Buffer.isBuffer(part)) break;
    start.push(part);
  }
  return Buffer.concat(start);
}

/** Octets that MAIL announces (RFC 1870 §5): with the CRLF of the last line, without the final dot and stuffed dots. */
export function announcedBytes(body: MessageBody): number {
  return body.byteLength + (isLastLineWhole(body) ? 0 : 2);
}

/** Whether the final dot may follow at once. */
export function isLastLineWhole(body: MessageBody): boolean {
  if (body instanceof Uint8Array) return endsWithLineBreak(body);
  const last = body.parts.at(-1);
  if (last === undefined) return false;
  return Buffer.isBuffer(last) ? endsWithLineBreak(last) : 'lines' in last;
}

export function isSevenBit(body: MessageBody): boolean {
  return body instanceof Uint8Array ? isAscii(body) : body.isAscii;
}

function lengthOf(part: StreamedPart): number {
  if (Buffer.isBuffer(part)) return part.length;
  return 'lines' in part ? part.lines.sizeBytes : base64LinesBytes(part.sizeBytes);
}

function isAsciiPart(part: StreamedPart): boolean {
  if (Buffer.isBuffer(part)) return isAscii(part);
  return 'lines' in part ? part.isAscii : true;
}
