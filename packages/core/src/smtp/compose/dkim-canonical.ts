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
  return new RelaxedBodyHash().update(body).digest();
}

/** {@link relaxedBodyHash} of a body that comes in pieces; where it is cut makes no difference. */
export class RelaxedBodyHash {
  readonly #hash = createHash('sha256');
  readonly #relaxed = Buffer.allocUnsafe(STEP + 1);
  #hasText = false;
  /** White space came, and is one space unless the line ends with it. */
  #hasSpaceBefore = false;
  /** Octets of the line ends that came behind the last text: the empty lines at the end of a body don't count. */
  #lineEndOctets = 0;

  update(piece: Buffer): this {
    for (let from = 0; from < piece.length; from += STEP) this.#take(piece.subarray(from, from + STEP));
    return this;
  }

  /** The hash; nothing can be added afterwards. */
  digest(): string {
    // Whatever empty lines there were, one line end is left; a body of nothing else is no body.
    if (this.#hasText) this.#hash.update('\r\n');
    return this.#hash.digest('base64');
  }

  #take(step: Buffer): void {
    if (!this.#hasSpaceBefore && !step.includes(SPACE) && !step.includes(TAB)) {
      this.#add(step);
      return;
    }
    const relaxed = this.#relaxed;
    let hasSpaceBefore = this.#hasSpaceBefore;
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
    this.#hasSpaceBefore = hasSpaceBefore;
    this.#add(relaxed.subarray(0, length));
  }

  #add(relaxed: Buffer): void {
    const end = endOfText(relaxed);
    if (end > 0) {
      if (this.#lineEndOctets > 0) this.#hash.update(lineEnds(this.#lineEndOctets));
      this.#hash.update(relaxed.subarray(0, end));
      this.#hasText = true;
      this.#lineEndOctets = 0;
    }
    this.#lineEndOctets += relaxed.length - end;
  }
}

/** The last one is half where a step ends between CR and LF. */
function lineEnds(octets: number): string {
  return '\r\n'.repeat(Math.ceil(octets / 2)).slice(0, octets);
}

/** Behind the last octet that is no line end. */
function endOfText(relaxed: Buffer): number {
  let end = relaxed.length;
  while (end > 0) {
    const octet = relaxed[end - 1];
    if (octet !== CR && octet !== LF) break;
    end--;
  }
  return end;
}
