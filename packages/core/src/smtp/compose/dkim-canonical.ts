// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';

/**
 * Octets looked at in one step. Most of a large message is base64, which has no white space: such a step is found
 * clean by one native search and hashed as it stands.
 */
const STEP = 4_096;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/** Write a field in the relaxed form of RFC 6376 §3.4.2, without the CRLF at its end. */
export function relaxedField(field: string): string {
  const colon = field.indexOf(':');
  const value = field
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .replace(/^ | $/g, '');
  return `${field
    .slice(0, colon)
    .replace(/[ \t]+$/, '')
    .toLowerCase()}:${value}`;
}

/** The base64 of the SHA-256 over a body in the relaxed form of RFC 6376 §3.4.4. Lines must end with CRLF. */
export function relaxedBodyHash(body: Buffer): string {
  const hash = createHash('sha256');
  const end = endOfText(body);
  const relaxed = Buffer.allocUnsafe(STEP + 1);
  let hasSpaceBefore = false;
  for (let from = 0; from < end; from += STEP) {
    const step = body.subarray(from, Math.min(from + STEP, end));
    if (!hasSpaceBefore && !step.includes(SPACE) && !step.includes(TAB)) {
      hash.update(step);
      continue;
    }
    let length = 0;
    for (const octet of step) {
      if (octet === SPACE || octet === TAB) {
        hasSpaceBefore = true;
        continue;
      }
      // A run of white space is one space, or none at the end of a line.
      if (hasSpaceBefore && octet !== CR) relaxed[length++] = SPACE;
      hasSpaceBefore = false;
      relaxed[length++] = octet;
    }
    hash.update(relaxed.subarray(0, length));
  }
  // Whatever empty lines there were, one line end is left; a body of nothing else is no body.
  if (end > 0) hash.update('\r\n');
  return hash.digest('base64');
}

/** Behind the last octet that is no white space and no line end. */
function endOfText(body: Buffer): number {
  let end = body.length;
  while (end > 0) {
    const octet = body[end - 1];
    if (octet !== SPACE && octet !== TAB && octet !== CR && octet !== LF) break;
    end--;
  }
  return end;
}
