// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** RFC 2045 §6.7 rule 5, with the `=` of a soft line break. */
const MAX_LINE = 76;
/** What is written at most between two looks at the limit: a line, and what is escaped behind it. */
const MARGIN = 2 * MAX_LINE;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const EQUALS = 0x3d;

/** 1 for octets that stand for themselves (rules 2 and 3): white space does where it is not the last of a line. */
const IS_LITERAL = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet === TAB || (octet >= SPACE && octet <= 0x7e && octet !== EQUALS) ? 1 : 0,
);

/**
 * Write UTF-8 in quoted-printable (RFC 2045 §6.7), in lines of at most 76 octets. LF is a line end and becomes CRLF; any
 * other control character but TAB is data. No character is divided by a soft line break.
 *
 * A loop with a table, which takes a fifth of the time of regular expressions over a string.
 *
 * @param maxBytes - give up, with null, where it gets longer
 */
export function encodeQuotedPrintable(octets: Uint8Array, maxBytes: number): Buffer | null {
  const encoded = Buffer.allocUnsafe(maxBytes + MARGIN);
  let length = 0;
  // Where a line has no room but for the `=` of a soft line break.
  let fullAt = MAX_LINE - 1;
  let at = 0;
  while (at < octets.length && length <= maxBytes) {
    const runEnd = Math.min(octets.length, at + fullAt - length);
    while (at < runEnd && IS_LITERAL[octets[at] ?? 0] === 1) encoded[length++] = octets[at++] ?? 0;
    const octet = octets[at];
    if (octet === undefined) break;

    if (octet === LF) {
      length = endLine(encoded, length, fullAt);
      encoded[length++] = CR;
      encoded[length++] = LF;
      fullAt = length + MAX_LINE - 1;
      at++;
      continue;
    }
    const isLiteral = IS_LITERAL[octet] === 1;
    const end = Math.min(octets.length, at + characterOctets(octet));
    const isLast = end === octets.length || octets[end] === LF;
    if (length + (isLiteral ? 1 : 3 * (end - at)) > fullAt + (isLast ? 1 : 0)) {
      length = breakSoftly(encoded, length);
      fullAt = length + MAX_LINE - 1;
    }
    if (isLiteral) encoded[length++] = octet;
    else for (let i = at; i < end; i++) length = writeEscaped(encoded, length, octets[i] ?? 0);
    at = end;
  }
  length = endLine(encoded, length, fullAt);
  return length > maxBytes ? null : encoded.subarray(0, length);
}

/** White space may not be the last of a line (rule 3), where relays drop it. */
function endLine(encoded: Buffer, length: number, fullAt: number): number {
  const last = length === 0 ? 0 : (encoded[length - 1] ?? 0);
  if (last !== SPACE && last !== TAB) return length;
  const at = length - 1;
  return writeEscaped(encoded, at + 3 > fullAt + 1 ? breakSoftly(encoded, at) : at, last);
}

function breakSoftly(encoded: Buffer, at: number): number {
  encoded[at] = EQUALS;
  encoded[at + 1] = CR;
  encoded[at + 2] = LF;
  return at + 3;
}

function writeEscaped(encoded: Buffer, at: number, octet: number): number {
  encoded[at] = EQUALS;
  encoded[at + 1] = hexDigit(octet >> 4);
  encoded[at + 2] = hexDigit(octet & 0x0f);
  return at + 3;
}

/** In upper case (rule 1). */
function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x37 + value;
}

/** How many octets the character has that starts with this one (RFC 3629 §3). */
function characterOctets(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}
