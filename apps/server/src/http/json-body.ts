// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomUUID } from 'node:crypto';
import { BASE64_PREFIX, Base64Bytes, type RequestPlace } from '@mail-proxy/core';
import { type JsonObject, parseJsonObject } from './parse-json.ts';
import { heldPieces, type ReadableRequest } from './read-body.ts';

/** Unless the quote is escaped, no JSON has this but where a text starts. */
const START = Buffer.from(`"${BASE64_PREFIX}`);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Shorter files are left to the parser, which is as fast with them. */
const LONG_LETTERS = 8_192;
/** Stands for a file in what is parsed. A client that guesses it refers to a file of its own request. */
const SIGN = `${randomUUID()}-`;

/**
 * Read a JSON body as far as it is allowed to go.
 *
 * @param place - counts what is held
 * @throws {MailProxyError} `body_too_large`, `overloaded`, `rate_limited`; `malformed_request` when the client went away
 * before its end
 */
export async function readJsonBody(
  request: ReadableRequest,
  maxBytes: number,
  place: RequestPlace | null = null,
): Promise<JsonBody> {
  const body = new JsonBody();
  for await (const piece of heldPieces(request, maxBytes, place)) body.add(piece);
  return body;
}

/**
 * A JSON body that comes in pieces. A long file in it, a text that starts with `base64:`, is decoded as soon as it is
 * whole: it becomes no string, and no part of what is parsed in one go. The pieces are the body's to give away.
 */
export class JsonBody {
  /** What came, with each file in the place of its letters. */
  readonly #parts: (Uint8Array | Base64Bytes)[] = [];
  /** The letters so far of a file that has begun. */
  #letters: Uint8Array[] | null = null;
  /** The end of the last piece, where a file may begin in it. */
  #seam: Uint8Array | null = null;
  #byteLength = 0;

  /** Bytes that came. */
  get byteLength(): number {
    return this.#byteLength;
  }

  add(piece: Uint8Array): void {
    this.#byteLength += piece.byteLength;
    const view =
      this.#seam === null
        ? Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
        : Buffer.concat([this.#seam, piece]);
    this.#seam = null;
    let at = 0;
    for (;;) {
      if (this.#letters !== null) {
        const end = view.indexOf(QUOTE, at);
        this.#letters.push(end === -1 ? view.subarray(at) : view.subarray(at, end));
        if (end === -1) return;
        this.#endFile(this.#letters);
        at = end;
      }
      const start = startIn(view, at);
      if (start === -1) break;
      this.#parts.push(view.subarray(at, start + START.length));
      this.#letters = [];
      at = start + START.length;
    }
    const seam = seamIn(view, at);
    this.#parts.push(view.subarray(at, seam));
    if (seam < view.length) this.#seam = view.subarray(seam);
  }

  /**
   * The body as one JSON object, in which an attachment has its long file as {@link Base64Bytes}.
   *
   * @throws {MailProxyError} as {@link parseJsonObject}
   */
  parse(): JsonObject {
    this.#pass(this.#letters ?? []);
    if (this.#seam !== null) this.#parts.push(this.#seam);
    this.#letters = this.#seam = null;
    const files = this.#parts.filter((part) => part instanceof Base64Bytes);
    const whole = (): JsonObject => parseJsonObject(this.#join((file) => file.toString().slice(BASE64_PREFIX.length)));
    if (files.length === 0) return whole();
    let parsed: JsonObject;
    try {
      parsed = parseJsonObject(this.#join((file) => SIGN + files.indexOf(file)));
    } catch {
      // It is to be refused for what the client sent.
      return whole();
    }
    return putBack(parsed, files) ? parsed : whole();
  }

  #endFile(letters: readonly Uint8Array[]): void {
    this.#letters = null;
    const count = letters.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const file = count < LONG_LETTERS ? null : Base64Bytes.decode(letters);
    if (file === null) this.#pass(letters);
    else this.#parts.push(file);
  }

  /** One by one: a client may send so many pieces that no call takes them as arguments. */
  #pass(letters: readonly Uint8Array[]): void {
    for (const piece of letters) this.#parts.push(piece);
  }

  #join(textOf: (file: Base64Bytes) => string): Uint8Array {
    const parts = this.#parts.map((part) => (part instanceof Base64Bytes ? Buffer.from(textOf(part), 'latin1') : part));
    const [first] = parts;
    return first !== undefined && parts.length === 1 ? first : Buffer.concat(parts);
  }
}

/** Where the next file starts; -1 where none does. */
function startIn(view: Buffer, from: number): number {
  let at = view.indexOf(START, from);
  while (at > 0 && view[at - 1] === BACKSLASH) at = view.indexOf(START, at + 1);
  return at;
}

/** From where a file may start that is not whole: with the quote, and what stands before it. */
function seamIn(view: Buffer, from: number): number {
  const quote = view.indexOf(QUOTE, Math.max(from, view.length - START.length + 1));
  if (quote !== -1) return Math.max(from, quote - 1);
  return view.length > from && view[view.length - 1] === BACKSLASH ? view.length - 1 : view.length;
}

/** Whether each file was found where files stand: in the attachments of a message, or of several. */
function putBack(parsed: JsonObject, files: readonly Base64Bytes[]): boolean {
  const missing = new Set(files);
  for (const message of [parsed, ...listIn(parsed, 'messages')]) {
    for (const attachment of listIn(message, 'attachments')) {
      const { storage_path: path } = Object(attachment);
      if (typeof path !== 'string' || !path.startsWith(BASE64_PREFIX + SIGN)) continue;
      const file = files[Number(path.slice(BASE64_PREFIX.length + SIGN.length))];
      if (file === undefined) continue;
      Object(attachment).storage_path = file;
      missing.delete(file);
    }
  }
  return missing.size === 0;
}

function listIn(value: unknown, field: string): readonly unknown[] {
  const list: unknown = Object(value)[field];
  return Array.isArray(list) ? list : [];
}
