// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { base64LinesBytes, encodeBase64Lines } from './base64-lines.ts';
import { encodeQuotedPrintable } from './quoted-printable.ts';

/** ASCII lines of at most 76 octets, separated by CRLF, the last without one unless the text had it. */
export interface EncodedBody {
  readonly encoding: '7bit' | 'quoted-printable' | 'base64';
  readonly content: string | Buffer;
}

/** RFC 2045 §6.7 and §6.8, for both encodings. */
const MAX_LINE = 76;

const NOT_PRINTABLE = /[^\t\n\x20-\x7e]/;

/**
 * Encode a text body. Line ends of any kind become CRLF first: a bare CR or LF is where relays disagree
 * about where a message ends. Text that is plain goes as it is; else in quoted-printable, unless that is longer
 * than base64.
 *
 * @param taboo - What 7bit content may not contain: the mark that the message's boundaries share.
 */
export function encodeTextBody(text: string, taboo: string): EncodedBody {
  const lines = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  if (isPlain(lines) && !lines.includes(taboo)) return { encoding: '7bit', content: withCrlf(lines) };
  const octets = Buffer.from(lines);
  const maxBytes = base64LinesBytes(octets.length);
  const readable = leastQuotedPrintable(octets, lines) > maxBytes ? null : encodeQuotedPrintable(octets, maxBytes);
  if (readable !== null) return { encoding: 'quoted-printable', content: readable };
  return { encoding: 'base64', content: encodeBase64Lines(Buffer.from(withCrlf(lines))) };
}

/**
 * What quoted-printable takes at least, told from the lengths alone. Characters beyond ASCII have at least three octets
 * for each two that they are longer in UTF-8 than in UTF-16 units, and each of those octets becomes three.
 */
function leastQuotedPrintable(octets: Buffer, text: string): number {
  return octets.length + 3 * (octets.length - text.length);
}

/** Printable ASCII in lines that need nothing done, no white space before their end. The cheap question comes first. */
function isPlain(lines: string): boolean {
  for (let start = 0; start < lines.length; ) {
    const lineEnd = lines.indexOf('\n', start);
    const end = lineEnd < 0 ? lines.length : lineEnd;
    if (end - start > MAX_LINE || (end > start && isSpace(lines.charCodeAt(end - 1)))) return false;
    start = end + 1;
  }
  return !NOT_PRINTABLE.test(lines);
}

function withCrlf(lines: string): string {
  return lines.replaceAll('\n', '\r\n');
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}
