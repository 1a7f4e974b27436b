// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import libmime from 'libmime';
import { fieldsOf, readFields } from '../../mail/fields.ts';

/** What a mail in `multipart/signed` consists of (RFC 8551, 3.5.3). */
export interface SignedPart {
  /** The signed MIME entity with its own header: its bytes as they stand in the mail, without the line end before the delimiter. */
  readonly content: Uint8Array;
  /** DER, or BER, of the detached signature. */
  readonly signature: Uint8Array;
}

/** More than any header of a mail that a provider wrote; a mail with a longer one is not taken for signed. */
const MAX_HEADER_BYTES = 256 * 1024;
/** RFC 2046, 5.1.1 allows 70; some write more. */
const MAX_BOUNDARY_BYTES = 200;
const PKCS7 = /^application\/(x-)?pkcs7-signature$/i;
const [TAB, LF, CR, SPACE, DASH] = [0x09, 0x0a, 0x0d, 0x20, 0x2d];

/**
 * Take the signed bytes and the signature out of a mail that is `multipart/signed` with a PKCS #7 signature at its top.
 * Null for all other mail, and for one with anything but those two parts: what a third part says would be unsigned.
 */
export function signedPart(raw: Uint8Array): SignedPart | null {
  const mail = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const { header, body } = splitEntity(mail);
  const type = contentTypeOf(header);
  if (type?.value.toLowerCase() !== 'multipart/signed' || !PKCS7.test(type.params['protocol'] ?? '')) return null;
  const parts = partsOf(body, type.params['boundary'] ?? '');
  const [content, signed, ...more] = parts ?? [];
  if (content === undefined || signed === undefined || more.length > 0) return null;
  const signature = signatureOf(signed);
  return signature === null ? null : { content, signature };
}

/** Header and body of an entity; lenient with empty lines before the header. */
function splitEntity(entity: Buffer): { readonly header: Buffer; readonly body: Buffer } {
  let start = 0;
  while (entity[start] === CR || entity[start] === LF) start += 1;
  for (let end = entity.indexOf(LF, start); end !== -1; end = entity.indexOf(LF, end + 1)) {
    const next = entity[end + 1] === CR ? end + 2 : end + 1;
    if (entity[next] === LF) return { header: entity.subarray(start, end), body: entity.subarray(next + 1) };
    if (end - start > MAX_HEADER_BYTES) break;
  }
  return { header: Buffer.alloc(0), body: Buffer.alloc(0) };
}

/** Null where there is none, and where there are two, of which readers take one or the other. */
function contentTypeOf(header: Buffer): ReturnType<typeof libmime.parseHeaderValue> | null {
  const [value, ...more] = fieldsOf(readFields(header.toString('latin1')), 'content-type');
  return value === undefined || more.length > 0 ? null : libmime.parseHeaderValue(value, { stripComments: true });
}

/** The parts between the delimiters; null unless the last of these closes (RFC 2046, 5.1.1). */
function partsOf(body: Buffer, boundary: string): readonly Buffer[] | null {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  if (boundary === '' || delimiter.length > MAX_BOUNDARY_BYTES) return null;
  const parts: Buffer[] = [];
  let start: number | null = null;
  for (let at = body.indexOf(delimiter); at !== -1; at = body.indexOf(delimiter, at + delimiter.length)) {
    const line = delimiterLine(body, at, delimiter.length);
    if (line === null) continue;
    if (start !== null) parts.push(body.subarray(start, Math.max(start, beforeLineEnd(body, at))));
    // Nothing that is signed by anybody has more parts: there is no need to look for them.
    if (line.isClosing || parts.length > 2) return line.isClosing ? parts : null;
    start = line.end;
  }
  return null;
}

/** Where the line of a delimiter ends; null where it is none: within a line, or longer than the boundary. */
function delimiterLine(body: Buffer, at: number, length: number): { isClosing: boolean; end: number } | null {
  if (at > 0 && body[at - 1] !== LF) return null;
  let end = at + length;
  const isClosing = body[end] === DASH && body[end + 1] === DASH;
  if (isClosing) end += 2;
  while (body[end] === SPACE || body[end] === TAB) end += 1;
  if (body[end] === CR) end += 1;
  return end >= body.length || body[end] === LF ? { isClosing, end: end + 1 } : null;
}

/** The line end before a delimiter belongs to the delimiter. */
function beforeLineEnd(body: Buffer, at: number): number {
  return body[at - 2] === CR ? at - 2 : at - 1;
}

function signatureOf(part: Buffer): Buffer | null {
  const { header, body } = splitEntity(part);
  const type = contentTypeOf(header);
  if (type === null || !PKCS7.test(type.value)) return null;
  const [encoding = '7bit'] = fieldsOf(readFields(header.toString('latin1')), 'content-transfer-encoding');
  switch (encoding.toLowerCase()) {
    case 'base64':
      return Buffer.from(body.toString('latin1'), 'base64');
    case '7bit':
    case '8bit':
    case 'binary':
      return body;
    default:
      return null;
  }
}
