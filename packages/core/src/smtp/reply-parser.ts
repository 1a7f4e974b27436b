// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SmtpReply } from './reply.ts';
import { capText, decodeText, isPrintableAscii } from './reply-text.ts';

/** RFC 5321 §4.5.3.1.5 allows a reply line 512 bytes; Exchange is known to send twice that. */
export const MAX_REPLY_LINE_BYTES = 4_096;
/** All lines of one reply together; an EHLO reply is under 1 KiB in practice. */
export const MAX_REPLY_BYTES = 65_536;

const CR = 0x0d;
const SPACE = 0x20;
const HYPHEN = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;

const EMPTY = Buffer.alloc(0);

/** RFC 3463 §2: class "." subject "." detail, one to three digits each after the class. */
const ENHANCED_STATUS = /^([245])\.(\d{1,3})\.(\d{1,3})(?: |$)/;

/**
 * Cuts a stream of bytes into SMTP replies (RFC 5321 §4.2), however they are split over packets.
 *
 * It is pulled, not pushing: what follows a reply stays unparsed until the next {@link next}, so that the caller can
 * throw it away (STARTTLS) or see that the relay spoke early. Holds at most one chunk beyond its limits. Lines may end
 * in LF alone.
 */
export class ReplyParser {
  #buffer: Buffer = EMPTY;
  /** The same, a character a byte: lines of a few bytes are read sooner from it. */
  #text = '';
  /** Where the unread part of the buffer starts. */
  #start = 0;
  /** Up to where that part is known to hold no LF. */
  #scanned = 0;
  #code = 0;
  #enhanced: string | null = null;
  #lines: string[] = [];
  #replyBytes = 0;
  #problem: string | null = null;

  /** Why the bytes are no SMTP; from then on nothing is parsed. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Whether bytes are left that {@link next} did not return as a reply: a part of one, or a whole one. */
  get pending(): boolean {
    return this.#start < this.#buffer.length || this.#replyBytes > 0;
  }

  /** Lines of the reply returned last, each without its codes; for EHLO. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  push(chunk: Buffer): void {
    if (this.#problem !== null) return;
    if (this.#start === this.#buffer.length) {
      this.#buffer = chunk;
      this.#text = chunk.toString('latin1');
      this.#scanned = 0;
    } else {
      this.#buffer = Buffer.concat([this.#buffer.subarray(this.#start), chunk]);
      this.#text = this.#text.slice(this.#start) + chunk.toString('latin1');
      this.#scanned -= this.#start;
    }
    this.#start = 0;
  }

  /** The next complete reply, or null: more bytes are needed, or there is a {@link problem}. */
  next(): SmtpReply | null {
    while (this.#problem === null) {
      const lineFeed = this.#text.indexOf('\n', this.#scanned);
      if (lineFeed === -1) {
        this.#scanned = this.#buffer.length;
        if (this.#buffer.length - this.#start > MAX_REPLY_LINE_BYTES) this.#fail('a reply line without end');
        return null;
      }
      const from = this.#start;
      this.#start = lineFeed + 1;
      this.#scanned = this.#start;
      const isLast = this.#readLine(from, lineFeed);
      if (isLast) return this.#finish();
    }
    return null;
  }

  /** Forget all that was received. */
  discard(): void {
    this.#buffer = EMPTY;
    this.#text = '';
    this.#start = 0;
    this.#scanned = 0;
    this.#replyBytes = 0;
  }

  /** Take in one line; answers whether it ends the reply. */
  #readLine(from: number, lineFeed: number): boolean {
    const text = this.#text;
    const end = lineFeed > from && text.charCodeAt(lineFeed - 1) === CR ? lineFeed - 1 : lineFeed;
    if (lineFeed - from > MAX_REPLY_LINE_BYTES) return this.#fail('a reply line is too long');
    const isFirst = this.#replyBytes === 0;
    this.#replyBytes += lineFeed + 1 - from;
    if (this.#replyBytes > MAX_REPLY_BYTES) return this.#fail('a reply is too long');

    const code = end - from < 3 ? -1 : replyCode(text, from);
    const separator = end - from === 3 ? SPACE : text.charCodeAt(from + 3);
    if (code === -1 || (separator !== SPACE && separator !== HYPHEN)) {
      return this.#fail(`not an SMTP reply: ${this.#decode(from, Math.min(end, from + 100))}`);
    }
    if (isFirst) {
      this.#code = code;
      this.#enhanced = null;
      this.#lines = [];
    } else if (code !== this.#code) {
      return this.#fail(`a reply changes its code from ${this.#code} to ${code}`);
    }
    this.#lines.push(this.#withoutStatus(this.#decode(Math.min(from + 4, end), end)));
    return separator === SPACE;
  }

  #decode(from: number, end: number): string {
    const text = this.#text.slice(from, end);
    return isPrintableAscii(text) ? text : decodeText(this.#buffer.subarray(from, end));
  }

  /** RFC 2034 §4 repeats the enhanced status on every line; the first one of the reply's own class counts. */
  #withoutStatus(text: string): string {
    if (text.charCodeAt(1) !== DOT) return text;
    const match = ENHANCED_STATUS.exec(text);
    if (match === null || Number(match[1]) !== Math.floor(this.#code / 100)) return text;
    this.#enhanced ??= `${match[1]}.${Number(match[2])}.${Number(match[3])}`;
    return text.slice(match[0].length);
  }

  #finish(): SmtpReply {
    this.#replyBytes = 0;
    const [first = ''] = this.#lines;
    return {
      code: this.#code,
      enhanced: this.#enhanced,
      text: capText(this.#lines.length === 1 ? first : this.#lines.join(' ')),
    };
  }

  #fail(problem: string): false {
    this.discard();
    this.#problem = problem;
    return false;
  }
}

/** Three digits, 200 to 599; RFC 5321 stops the second digit at 5, relays don't (570, 571). -1 for anything else. */
function replyCode(text: string, at: number): number {
  let code = 0;
  for (let index = at; index < at + 3; index += 1) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    code = code * 10 + digit;
  }
  return code >= 200 && code <= 599 ? code : -1;
}
