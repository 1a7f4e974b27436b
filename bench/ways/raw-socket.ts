// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { BenchMail } from '../load/mail.ts';
import { rawMail } from './raw-mail.ts';
import { ReplyCounter } from './reply-counter.ts';

/**
 * How a raw client waits.
 * - `lock-step`: for the reply to each command.
 * - `pipelined`: for the replies to MAIL, RCPT and DATA together, as RFC 2920 allows.
 * - `deep`: as well, with the next MAIL, RCPT and DATA behind the dot.
 */
export const RAW_MODES = ['lock-step', 'pipelined', 'deep'] as const;
export type RawMode = (typeof RAW_MODES)[number];

/** One connection to a relay with nothing around it: the most that a client in one process can do. */
export class RawSocket {
  readonly #socket: Socket;
  readonly #replies: ReplyCounter;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#replies = new ReplyCounter(socket);
  }

  static async open(host: string, port: number): Promise<RawSocket> {
    const socket = connect({ host, port, noDelay: true });
    const client = new RawSocket(socket);
    await once(socket, 'connect');
    await client.#replies.next(1);
    socket.write('EHLO bench.invalid\r\n');
    await client.#replies.next(1);
    return client;
  }

  /** Send what is in the queue, until it is empty. */
  async sendAll(queue: Iterator<BenchMail>, mode: RawMode): Promise<void> {
    let mail = next(queue);
    if (mode === 'deep' && mail !== null) this.#socket.write(openingOf(mail));
    while (mail !== null) {
      if (mode === 'deep') mail = await this.#sendDeep(mail, queue);
      else {
        await (mode === 'pipelined' ? this.#sendPipelined(mail) : this.#sendInLockStep(mail));
        mail = next(queue);
      }
    }
  }

  async #sendInLockStep(mail: BenchMail): Promise<void> {
    for (const command of commandsOf(mail)) {
      this.#socket.write(command);
      await this.#replies.next(1);
    }
    this.#socket.write(rawMail(mail));
    await this.#replies.next(1);
  }

  async #sendPipelined(mail: BenchMail): Promise<void> {
    this.#socket.write(openingOf(mail));
    await this.#replies.next(3);
    this.#socket.write(rawMail(mail));
    await this.#replies.next(1);
  }

  /** The opening of `mail` was sent. @returns the next mail, with its opening sent too */
  async #sendDeep(mail: BenchMail, queue: Iterator<BenchMail>): Promise<BenchMail | null> {
    await this.#replies.next(3);
    const following = next(queue);
    this.#socket.cork();
    this.#socket.write(rawMail(mail));
    if (following !== null) this.#socket.write(openingOf(following));
    this.#socket.uncork();
    await this.#replies.next(1);
    return following;
  }

  close(): void {
    this.#socket.end('QUIT\r\n');
    this.#socket.on('data', () => this.#socket.destroy());
  }
}

function commandsOf({ from, to }: BenchMail): readonly string[] {
  return [`MAIL FROM:<${from}>\r\n`, `RCPT TO:<${to}>\r\n`, 'DATA\r\n'];
}

function openingOf(mail: BenchMail): string {
  return commandsOf(mail).join('');
}

function next(queue: Iterator<BenchMail>): BenchMail | null {
  const { value, done } = queue.next();
  return done === true ? null : value;
}
