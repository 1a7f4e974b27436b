// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import libmime from 'libmime';
import { type Field, fieldOf, readFields } from './fields.ts';

/** A header and what stands below it (RFC 2045 §2.4), as views on the bytes that it was cut out of. */
export interface Entity {
  readonly bytes: Uint8Array;
  readonly fields: readonly Field[];
  readonly body: Uint8Array;
}

export interface ContentType {
  /** `multipart/signed`, lower case. */
  readonly type: string;
  readonly boundary: string | null;
  /** By their names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The whole value, unfolded. */
  readonly value: string;
}

const MAX_HEADER_BYTES = 256 * 1024;
const MAX_TYPE_CHARACTERS = 2_000;
/** RFC 2045 §5.2. */
const DEFAULT_TYPE = 'text/plain';
const TYPE = /^[\w!#$&^.+-]+\s*\/\s*[\w!#$&^.+-]+$/;
const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;

/** Split at the first empty line; where there is none, all of it is header. */
export function entityOf(bytes: Uint8Array): Entity {
  const end = headerEnd(bytes);
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(end.at, MAX_HEADER_BYTES)).toString('latin1');
  return { bytes, fields: readFields(header), body: bytes.subarray(end.next) };
}

export function contentTypeOf({ fields }: Entity): ContentType {
  const value = (fieldOf(fields, 'content-type') ?? '').slice(0, MAX_TYPE_CHARACTERS);
  const { value: type, params: parameters } = libmime.parseHeaderValue(value, { stripComments: true });
  return {
    type: TYPE.test(type) ? type.replace(/\s/g, '').toLowerCase() : DEFAULT_TYPE,
    boundary: parameters['boundary'] || null,
    parameters,
    value,
  };
}

/**
 * The parts of a multipart's body (RFC 2046 §5.1.1), each without the line break that belongs to the boundary; one that is
 * cut off goes to the end. Null where there are more than `maxParts`.
 */
export function partsOf(body: Uint8Array, boundary: string, maxParts: number): readonly Uint8Array[] | null {
  const parts: Uint8Array[] = [];
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const mark = Buffer.from(`--${boundary}`, 'latin1');
  let begin: number | null = null;
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + mark.length)) {
    const line = delimiterAt(bytes, at, mark.length);
    if (line === null) continue;
    if (begin !== null) parts.push(bytes.subarray(begin, withoutBreak(bytes, begin, at)));
    if (parts.length > maxParts) return null;
    begin = line.isLast ? null : line.next;
    if (line.isLast) return parts;
  }
  if (begin !== null) parts.push(bytes.subarray(begin));
  return parts.length > maxParts ? null : parts;
}

/** A boundary stands alone on its line, but for the dashes of the last one and white space. */
function delimiterAt(bytes: Buffer, at: number, length: number): { isLast: boolean; next: number } | null {
  if (at > 0 && bytes[at - 1] !== LF) return null;
  let next = at + length;
  const isLast = bytes[next] === DASH && bytes[next + 1] === DASH;
  if (isLast) next += 2;
  while (bytes[next] === 0x20 || bytes[next] === 0x09) next += 1;
  if (bytes[next] === CR) next += 1;
  if (next < bytes.length && bytes[next] !== LF) return null;
  return { isLast, next: Math.min(next + 1, bytes.length) };
}

function withoutBreak(bytes: Buffer, begin: number, end: number): number {
  const isLf = end > begin && bytes[end - 1] === LF;
  const isCrLf = isLf && end - 1 > begin && bytes[end - 2] === CR;
  return end - (isCrLf ? 2 : isLf ? 1 : 0);
}

/** A header may be empty, so that the first line is. */
function headerEnd(bytes: Uint8Array): { at: number; next: number } {
  let line = 0;
  while (line < bytes.length) {
    const newline = bytes.indexOf(LF, line);
    if (newline === -1) break;
    if (newline === line || (newline === line + 1 && bytes[line] === CR)) return { at: line, next: newline + 1 };
    line = newline + 1;
  }
  return { at: bytes.length, next: bytes.length };
}
