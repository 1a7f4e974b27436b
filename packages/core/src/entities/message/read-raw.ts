// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isAscii } from 'node:buffer';
import { hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { UploadedFile } from '../../attachments/uploaded-file.ts';
import { invalidInput } from '../../operations/validate.ts';
import { headerFields } from '../../smtp/raw/header-fields.ts';
import { WireLines } from '../../smtp/raw/wire-lines.ts';
import type { DraftContent } from './draft-attachment.ts';
import type { ParsedRawMessage } from './message.schema.ts';
import type { SubmissionServices } from './message-services.ts';

/** A message that came complete, as CRLF lines. */
export interface ReadMessage {
  /** Its fields, each with its CRLF. */
  readonly head: string;
  readonly body: DraftContent | UploadedFile;
  readonly bodyBytes: number;
  readonly isAscii: boolean;
}

/** Far more than any header has, and little enough for the row of its message. */
const MAX_HEAD_BYTES = 262_144;
/** A body that is smaller is stored in the same statement as its message. */
const INLINE_BYTES = 262_144;
const PIECE_BYTES = 65_536;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Read a message once, with the memory of its header: bare CR and LF become CRLF, and the body is kept apart.
 *
 * @param pointer - of the message in the request
 * @throws {MailProxyError} `invalid_input` where it is too large, or cannot be sent by SMTP
 */
export async function readRaw(
  raw: ParsedRawMessage['raw'],
  pointer: string,
  { rawMessages, held }: Pick<SubmissionServices, 'rawMessages'> & { readonly held: AsyncDisposableStack },
): Promise<ReadMessage> {
  const refuse = (message: string): never => {
    throw invalidInput([{ pointer, message }]);
  };
  const size = raw instanceof Uint8Array ? raw.byteLength : raw.size;
  if (size > rawMessages.maxBytes) refuse(`expected at most ${rawMessages.maxBytes} bytes, got ${size}`);
  const lines = wireLines(raw, refuse);
  const { head, rest } = await readHead(lines, refuse);
  let isAsciiBody = true;
  async function* bodyPieces(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of joined(rest, lines)) {
      isAsciiBody &&= isAscii(piece);
      yield piece;
    }
  }
  const file = held.use(await rawMessages.hold(bodyPieces()));
  const body = file.size > INLINE_BYTES ? file : await inlined(file);
  return { head, body, bodyBytes: file.size, isAscii: isAsciiBody };
}

async function inlined(file: UploadedFile): Promise<DraftContent> {
  const bytes = await buffer(file.read());
  return { hash: hash('sha256', bytes), bytes };
}

/** Read up to the empty line behind the header. */
async function readHead(
  lines: AsyncGenerator<Buffer, void, undefined>,
  refuse: (message: string) => never,
): Promise<{ readonly head: string; readonly rest: Buffer }> {
  let start = Buffer.alloc(0);
  let end = -1;
  while (end < 0 && start.length <= MAX_HEAD_BYTES) {
    const { done, value } = await lines.next();
    if (done === true) break;
    start = Buffer.concat([start, value]);
    end = start.subarray(0, 2).toString() === '\r\n' ? 0 : start.indexOf('\r\n\r\n');
  }
  const head = end < 0 ? start : start.subarray(0, end + 2);
  if (end === 0 || head.length === 0) refuse('expected a header in front of the body');
  if (head.length > MAX_HEAD_BYTES) refuse(`expected a header of at most ${MAX_HEAD_BYTES} bytes`);
  const text = decoded(head) ?? refuse('the header is not UTF-8');
  if (headerFields(text) === null) refuse('a line of the header is no field');
  return { head: text, rest: end < 0 ? Buffer.alloc(0) : start.subarray(end + 4) };
}

function decoded(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

async function* wireLines(
  raw: ParsedRawMessage['raw'],
  refuse: (message: string) => never,
): AsyncGenerator<Buffer, void, undefined> {
  const lines = new WireLines();
  for await (const piece of piecesOf(raw)) {
    const wired = lines.push(piece);
    if (lines.problem !== null) refuse(lines.problem);
    yield wired;
  }
  yield lines.end();
}

async function* piecesOf(raw: ParsedRawMessage['raw']): AsyncGenerator<Uint8Array, void, undefined> {
  if (raw instanceof Blob) yield* raw.stream();
  else if (!(raw instanceof Uint8Array)) yield* raw.read();
  else for (let at = 0; at < raw.length; at += PIECE_BYTES) yield raw.subarray(at, at + PIECE_BYTES);
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield first;
  yield* rest;
}
