// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** One mail transaction, complete up to its dot. */
export interface CountedTransaction {
  /** The name that the client gave with EHLO. */
  readonly client: string;
  readonly from: string;
  readonly recipients: readonly string[];
  /** The Message-ID header as it stands, with angle brackets. */
  readonly messageId: string | undefined;
  /** The X-Genro-Mail-ID header. */
  readonly mailId: string | undefined;
  /** Bytes between DATA and the dot, dot-stuffing included. */
  readonly bytes: number;
}

export interface FeedResult {
  /** What to send back, in one write: '' for nothing yet. */
  readonly reply: string;
  /** The transactions whose dot came with these bytes; each has its 250 in `reply`. */
  readonly accepted: readonly CountedTransaction[];
  /** QUIT was said. */
  readonly quit: boolean;
}

const END_OF_DATA = '\r\n.\r\n';

/** Headers beyond this many bytes are not looked at. */
const MAX_HEADER_BYTES = 65_536;

const MESSAGE_ID = headerPattern('Message-ID');
const MAIL_ID = headerPattern('X-Genro-Mail-ID');

/**
 * The server side of one SMTP connection as a machine over bytes: no socket, no clock. It takes any cut of the
 * stream, pipelined groups too, and accepts all. What comes first is speed: one search for the end of a message,
 * and no copy of its body.
 */
export class CountingSession {
  readonly #ehlo: string;
  #client = '';
  #line: Buffer = Buffer.alloc(0);
  #from: string | undefined;
  #recipients: string[] = [];
  #body: Body | undefined;

  constructor(maxBytes: number) {
    this.#ehlo = `250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE ${maxBytes}\r\n`;
  }

  /** Whether a transaction is open: MAIL was said, and its dot has not come. */
  get inTransaction(): boolean {
    return this.#from !== undefined;
  }

  feed(chunk: Buffer): FeedResult {
    const accepted: CountedTransaction[] = [];
    let reply = '';
    let quit = false;
    let rest = chunk;
    while (rest.length > 0 && !quit) {
      if (this.#body) {
        const after = this.#body.take(rest);
        if (after === undefined) break;
        rest = rest.subarray(after);
        accepted.push(this.#finish(this.#body));
        reply += '250 queued\r\n';
        continue;
      }
      const end = rest.indexOf(0x0a);
      if (end < 0) {
        this.#line = Buffer.concat([this.#line, rest]);
        break;
      }
      const line = Buffer.concat([this.#line, rest.subarray(0, end)])
        .toString('utf8')
        .trimEnd();
      this.#line = Buffer.alloc(0);
      rest = rest.subarray(end + 1);
      quit = /^quit$/i.test(line);
      reply += this.#command(line);
    }
    return { reply, accepted, quit };
  }

  #command(line: string): string {
    switch (line.slice(0, 4).toUpperCase()) {
      case 'EHLO':
        this.#reset();
        this.#client = line.slice(5).trim();
        return this.#ehlo;
      case 'HELO':
      case 'RSET':
        this.#reset();
        return '250 ok\r\n';
      case 'MAIL':
        if (this.#from !== undefined) return '503 a transaction is open\r\n';
        this.#from = pathOf(line);
        return '250 ok\r\n';
      case 'RCPT':
        if (this.#from === undefined) return '503 MAIL first\r\n';
        this.#recipients.push(pathOf(line));
        return '250 ok\r\n';
      case 'DATA':
        if (this.#recipients.length === 0) return '503 RCPT first\r\n';
        this.#body = new Body();
        return '354 go\r\n';
      case 'NOOP':
        return '250 ok\r\n';
      case 'QUIT':
        return '221 bye\r\n';
      default:
        return '502 not known here\r\n';
    }
  }

  #finish(body: Body): CountedTransaction {
    const head = body.head;
    const transaction = {
      client: this.#client,
      from: this.#from ?? '',
      recipients: this.#recipients,
      messageId: headerValue(MESSAGE_ID, head),
      mailId: headerValue(MAIL_ID, head),
      bytes: body.bytes,
    };
    this.#reset();
    return transaction;
  }

  #reset(): void {
    this.#from = undefined;
    this.#recipients = [];
    this.#body = undefined;
  }
}

/** A message on its way in: its length, its headers, and the search for its end across chunks. */
class Body {
  bytes = 0;
  #head: Buffer = Buffer.alloc(0);
  #headComplete = false;
  /** The last bytes before the next chunk; at the start the CRLF of the DATA line, which makes `.` the first line. */
  #tail: Buffer = Buffer.from('\r\n');

  get head(): string {
    return this.#head.toString('latin1');
  }

  /** Take from `chunk`; gives the offset behind the final dot, or undefined when the message goes on. */
  take(chunk: Buffer): number | undefined {
    const seam = Buffer.concat([this.#tail, chunk.subarray(0, END_OF_DATA.length - 1)]);
    const inSeam = seam.indexOf(END_OF_DATA);
    const start = inSeam >= 0 ? inSeam - this.#tail.length : chunk.indexOf(END_OF_DATA);
    const found = inSeam >= 0 || start >= 0;
    // the CRLF in front of the dot belongs to the message, also when it came with an earlier chunk
    const own = chunk.subarray(0, found ? Math.max(0, start + 2) : chunk.length);
    this.#collect(own);
    if (found) {
      this.bytes += start + 2;
      return start + END_OF_DATA.length;
    }
    this.bytes += chunk.length;
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-4)]).subarray(-4);
    return undefined;
  }

  #collect(bytes: Buffer): void {
    if (this.#headComplete) return;
    const head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    const end = head.indexOf('\r\n\r\n');
    this.#headComplete = end >= 0 || head.length > MAX_HEADER_BYTES;
    this.#head = end >= 0 ? head.subarray(0, end + 2) : head;
  }
}

function pathOf(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}

/** The rest of the header's line or, when it is folded before the value, of the next. */
function headerPattern(name: string): RegExp {
  return new RegExp(`^${name}:(?:[ \\t]|\\r\\n[ \\t])*([^\\r\\n]*)`, 'im');
}

function headerValue(header: RegExp, head: string): string | undefined {
  const value = header.exec(head)?.[1];
  // a slice would keep the whole header block alive for as long as the record is kept
  return value === undefined ? undefined : Buffer.from(value.trimEnd(), 'latin1').toString('latin1');
}
