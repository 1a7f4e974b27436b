// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { SmtpReply } from './reply.ts';
import { cleanText } from './reply-text.ts';

/** Lines kept of a transcript: enough for an opening and a transaction of a few recipients. */
export const MAX_TRANSCRIPT_LINES = 60;
/** Characters of one line, what is said of the cut included. */
export const MAX_TRANSCRIPT_CHARACTERS = 200;

/** One line of the middle is given up for the sentence that it was cut. */
const HEAD_LINES = MAX_TRANSCRIPT_LINES / 2;
const TAIL_LINES = MAX_TRANSCRIPT_LINES - HEAD_LINES - 1;
const HEAD_CHARACTERS = 100;
const TAIL_CHARACTERS = 60;

/** Where a number is grouped by thousands, since sizes of messages are long. */
const THOUSANDS = /\B(?=(?:\d{3})+$)/g;

/**
 * What was said on a connection, for a person. It is kept for every transaction, so it only builds strings, and holds
 * no more than {@link MAX_TRANSCRIPT_LINES}: the first and the last ones.
 */
export class Transcript {
  readonly #clock: Clock;
  #startedAt: number;
  #head: string[] = [];
  /** The last lines beyond the head, once full as a ring. */
  #tail: string[] = [];
  #beyondHead = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  /** A copy of the lines so far. */
  get lines(): readonly string[] {
    if (this.#beyondHead === 0) return [...this.#head];
    if (this.#beyondHead <= TAIL_LINES) return [...this.#head, ...this.#tail];
    const oldest = this.#beyondHead % TAIL_LINES;
    const leftOut = this.#beyondHead - TAIL_LINES;
    return [...this.#head, `[${leftOut} lines left out]`, ...this.#tail.slice(oldest), ...this.#tail.slice(0, oldest)];
  }

  /** Forget what was said so far; time counts from now. */
  restart(): void {
    this.#startedAt = this.#clock.monotonic();
    this.#head = [];
    this.#tail = [];
    this.#beyondHead = 0;
  }

  /** What this side wrote: one command, or a group of them, each with its CRLF. */
  client(commands: string): void {
    for (let start = 0; start < commands.length; ) {
      const end = commands.indexOf('\r\n', start);
      const lineEnd = end === -1 ? commands.length : end;
      this.#add('C: ', cleanText(commands.slice(start, lineEnd)));
      start = lineEnd + 2;
    }
  }

  /** That this side wrote so much of the message; `ofBytes` where it had not come to its end. */
  clientBytes(bytes: number, ofBytes: number = bytes): void {
    const whole = ofBytes === bytes ? '' : ` of ${grouped(ofBytes)}`;
    this.#add('C: ', `(${grouped(bytes)}${whole} bytes)`);
  }

  /** A reply; `lines` are its lines without codes. */
  server({ code, enhanced }: Pick<SmtpReply, 'code' | 'enhanced'>, lines: readonly string[]): void {
    const status = enhanced === null ? '' : `${enhanced} `;
    const last = lines.length - 1;
    for (let index = 0; index <= last; index += 1) {
      this.#add('S: ', `${code}${index === last ? ' ' : '-'}${status}${lines[index]}`);
    }
  }

  /** What happened beside the words: TLS, a failure. */
  note(text: string): void {
    this.#add('* ', text);
  }

  #add(who: string, text: string): void {
    const sinceMs = Math.round(this.#clock.monotonic() - this.#startedAt);
    const line = cutMiddle(`+${sinceMs}ms ${who}${text}`);
    if (this.#head.length < HEAD_LINES) {
      this.#head.push(line);
      return;
    }
    if (this.#tail.length < TAIL_LINES) this.#tail.push(line);
    else this.#tail[this.#beyondHead % TAIL_LINES] = line;
    this.#beyondHead += 1;
  }
}

function grouped(count: number): string {
  return String(count).replaceAll(THOUSANDS, ',');
}

function cutMiddle(line: string): string {
  if (line.length <= MAX_TRANSCRIPT_CHARACTERS) return line;
  const leftOut = line.length - HEAD_CHARACTERS - TAIL_CHARACTERS;
  // A surrogate pair that is cut through would not be text any more.
  const head = line.slice(0, HEAD_CHARACTERS).toWellFormed();
  return `${head} [${leftOut} characters left out] ${line.slice(-TAIL_CHARACTERS).toWellFormed()}`;
}
