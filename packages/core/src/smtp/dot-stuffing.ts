// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/**
 * Bytes handed to the socket at once: its buffer's high-water mark in Node, so that each chunk waits for the one
 * before it to reach the kernel.
 */
export const CHUNK_BYTES = 65_536;

/** Ends the message (RFC 5321 §4.1.1.4). */
export const FINAL_DOT = Buffer.from('.\r\n');
/** Ends a message whose last line has no CRLF. */
export const CRLF_FINAL_DOT = Buffer.from('\r\n.\r\n');

const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;

/** Whether the last line of `body` is complete, so that the final dot may follow at once; an empty body is. */
export function endsWithLineBreak(body: Uint8Array): boolean {
  return body.length === 0 || (body.length > 1 && body[body.length - 2] === CR && body[body.length - 1] === LF);
}

/**
 * A chunk of a message with a dot put before every dot that starts a line (RFC 5321 §4.5.2). Where there is none, which
 * is nearly always, the answer is the chunk and nothing is copied.
 *
 * A bare CR or LF counts as the end of a line too: composed messages have none, but were one to slip through, some
 * relays would take it and a dot for the end of the message (SMTP smuggling, CVE-2023-51764).
 *
 * @param before - the byte in front of the chunk; undefined at the start of the message
 */
export function stuffDots(chunk: Buffer, before: number | undefined): Buffer {
  const isAtLineStart = before === undefined || isLineEnd(before);
  const startsLine = (dot: number): boolean => (dot === 0 ? isAtLineStart : isLineEnd(chunk[dot - 1]));
  // Base64 has none, and the runtime finds a byte ten times as fast as two in a row.
  let dot = chunk.indexOf(DOT);
  while (dot !== -1 && !startsLine(dot)) dot = chunk.indexOf(DOT, dot + 1);
  if (dot === -1) return chunk;

  const stuffed = Buffer.allocUnsafe(chunk.length * 2);
  let length = 0;
  let copied = 0;
  for (; dot !== -1; dot = chunk.indexOf(DOT, dot + 1)) {
    if (!startsLine(dot)) continue;
    // Up to and with the dot; the next piece starts with the same dot, which doubles it.
    length += chunk.copy(stuffed, length, copied, dot + 1);
    copied = dot;
  }
  length += chunk.copy(stuffed, length, copied);
  return stuffed.subarray(0, length);
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}
