// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** RFC 5322 §2.1.1, in octets and without the CRLF. */
const MAX_LINE = 998;

/** Turns bytes that come in pieces into CRLF lines, the last one whole, and finds what may not go on the wire. */
export class WireLines {
  #isCrHeld = false;
  #line = 1;
  #lineLength = 0;
  #problem: string | null = null;

  /** Why the bytes so far may not be sent; null where they may. */
  get problem(): string | null {
    return this.#problem;
  }

  /** @returns what is known by now to belong to a line */
  push(piece: Uint8Array): Buffer {
    const octets = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
    const text = this.#isCrHeld ? `\r${octets}` : octets;
    // Whether it is bare is told by the piece behind it.
    this.#isCrHeld = text.endsWith('\r');
    return this.#lines(this.#isCrHeld ? text.slice(0, -1) : text);
  }

  end(): Buffer {
    return this.#lines(this.#isCrHeld || this.#lineLength > 0 ? '\r\n' : '');
  }

  #lines(text: string): Buffer {
    const wired = text.replaceAll(/\r(?!\n)|(?<!\r)\n/g, '\r\n');
    if (wired.includes('\0')) this.#problem ??= 'it contains NUL';
    for (let from = 0; ; ) {
      const end = wired.indexOf('\r\n', from);
      this.#lineLength += (end < 0 ? wired.length : end) - from;
      if (this.#lineLength > MAX_LINE) this.#problem ??= `line ${this.#line} is longer than ${MAX_LINE} octets`;
      if (end < 0) return Buffer.from(wired, 'latin1');
      this.#line += 1;
      this.#lineLength = 0;
      from = end + 2;
    }
  }
}
