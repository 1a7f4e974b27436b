// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Dovecot } from '@mail-proxy/testkit';

/** A mailbox as a mail server sees it: mail is put in, and counted. */
export interface ImapWorld extends AsyncDisposable {
  append(mail: string): Promise<void>;
  /** Messages in INBOX. */
  count(): Promise<number>;
}

/** Log in, as much of IMAP as that takes. */
export async function openImap(
  { port, password }: Pick<Dovecot, 'port' | 'password'>,
  user: string,
): Promise<ImapWorld> {
  const socket = connect(port, '127.0.0.1');
  const lines = createInterface(socket)[Symbol.asyncIterator]();
  await once(socket, 'connect');
  await lines.next();
  let tags = 0;

  /** All lines of the answer; a literal follows once the server wants it. */
  async function command(text: string, literal?: string): Promise<readonly string[]> {
    tags += 1;
    const tag = `a${tags}`;
    socket.write(`${tag} ${text}\r\n`);
    const answer: string[] = [];
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the IMAP server left at ${text}`);
      answer.push(value);
      if (value.startsWith('+') && literal !== undefined) socket.write(`${literal}\r\n`);
      if (!value.startsWith(`${tag} `)) continue;
      if (!value.startsWith(`${tag} OK`)) throw new Error(`${text}: ${value}`);
      return answer;
    }
  }

  await command(`LOGIN ${user} ${password}`);
  return {
    async append(mail) {
      await command(`APPEND INBOX {${Buffer.byteLength(mail)}}`, mail);
    },
    async count() {
      const answer = await command('STATUS INBOX (MESSAGES)');
      return Number(/MESSAGES (\d+)/.exec(answer.join('\n'))?.[1]);
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
    },
  };
}
