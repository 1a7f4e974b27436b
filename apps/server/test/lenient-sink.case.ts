// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { createServer, type Socket } from 'node:net';
import { listenOnLoopback } from '@mail-proxy/testkit';

/** A message as a relay reads it that takes anything for an end of data. */
export interface LenientMessage {
  readonly recipients: readonly string[];
  /** Names of its header, in lower case. */
  readonly fields: readonly string[];
  readonly header: string;
  readonly body: string;
}

export interface LenientSink extends AsyncDisposable {
  readonly port: number;
  readonly messages: readonly LenientMessage[];
  /** Commands that no client of ours says, and bytes that do not belong into SMTP. */
  readonly odd: readonly string[];
}

/** What relays were found to take for the end of a message: any dot alone between any two breaks of lines. */
const END_OF_DATA = /(?:\r\n|\r|\n)\0?\.\0?(?:\r|\n)+/;
const COMMANDS =
  /^(EHLO \S+|MAIL FROM:<[^<>\s]*>( [A-Z0-9]+(=\S+)?)*|RCPT TO:<[^<>\s]+>( [A-Z]+(=\S+)?)*|DATA|QUIT|RSET|NOOP)$/;

/** Start a relay that is easily deceived, and tells what it saw. */
export async function startLenientSink(): Promise<LenientSink> {
  const messages: LenientMessage[] = [];
  const odd: string[] = [];
  const loopback = await listenOnLoopback(createServer((socket) => serve(socket, messages, odd)));
  return { port: loopback.port, messages, odd, [Symbol.asyncDispose]: () => loopback.close() };
}

function serve(socket: Socket, messages: LenientMessage[], odd: string[]): void {
  let unread = '';
  let isData = false;
  let recipients: string[] = [];
  socket.on('error', () => undefined);
  socket.write('220 lenient\r\n');
  socket.on('data', (chunk) => {
    unread += chunk.toString('latin1');
    for (;;) {
      const end = (isData ? END_OF_DATA : /\r\n/).exec(unread);
      // More of the breaks behind the dot may be on their way.
      if (end === null) return;
      const text = unread.slice(0, end.index);
      unread = unread.slice(end.index + end[0].length);
      if (isData) {
        messages.push(read(text, recipients, odd));
        isData = false;
        recipients = [];
        socket.write('250 taken\r\n');
        continue;
      }
      if (!COMMANDS.test(text)) odd.push(`said ${JSON.stringify(text.slice(0, 200))}`);
      const recipient = /^RCPT TO:<(.*?)>/i.exec(text)?.[1];
      if (recipient !== undefined) recipients.push(recipient);
      isData = text === 'DATA';
      if (text.startsWith('EHLO')) socket.write('250-lenient\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n');
      else socket.write(isData ? '354 go on\r\n' : '250 ok\r\n');
      if (text === 'QUIT') socket.end();
    }
  });
}

function read(text: string, recipients: readonly string[], odd: string[]): LenientMessage {
  const rest = text.replaceAll('\r\n', '');
  if (/[\r\n\0]/.test(rest)) odd.push(`a bare CR, LF or NUL in ${JSON.stringify(text.slice(0, 300))}`);
  const at = text.indexOf('\r\n\r\n');
  const header = at === -1 ? text : text.slice(0, at);
  const lines = header.split(/\r\n|\r|\n/).filter((line) => !/^[ \t]/.test(line));
  return {
    recipients,
    header,
    fields: lines.map((line) => (line.split(':')[0] ?? '').toLowerCase()),
    body: text.slice(at + 4),
  };
}
