// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { GREYLISTED, REFUSED_ADDRESS, sha256 } from './messages.ts';

/** A message that the relay answered 250 for. */
export interface RelayedMessage {
  /** The client's id of the message, which the proxy puts into the header X-Genro-Mail-ID. */
  readonly id: string;
  /** The recipients of the envelope. */
  readonly recipients: readonly string[];
  /** SHA-256 of each attachment. */
  readonly attachments: readonly string[];
}

export interface Relay extends AsyncDisposable {
  readonly port: number;
  readonly messages: readonly RelayedMessage[];
}

/**
 * Start an SMTP server that stands for the relay of your provider. It delivers nothing; it keeps what it took, and
 * is as moody as a real one: 550 for an address that does not exist, 451 for the first mail to a greylisted one.
 */
export async function startRelay(): Promise<Relay> {
  const messages: RelayedMessage[] = [];
  const greeted = new Set<string>();

  function judge(address: string): Error | null {
    if (address === REFUSED_ADDRESS) return reply(550, '5.1.1 There is no such mailbox');
    if (!GREYLISTED.test(address) || greeted.has(address)) return null;
    greeted.add(address);
    return reply(451, '4.7.1 Greylisted, please come back');
  }

  const server = new SMTPServer({
    name: 'relay.example.com',
    logger: false,
    // the replies above bring their own enhanced status codes
    hideENHANCEDSTATUSCODES: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onRcptTo: ({ address }, _session, callback) => callback(judge(address)),
    onData(stream, { envelope }, callback) {
      const recipients = envelope.rcptTo.map(({ address }) => address);
      read(stream).then((mail) => {
        messages.push({ id: headerOf(mail, 'X-Genro-Mail-ID'), recipients, attachments: attachmentsOf(mail) });
        callback(null);
      }, callback);
    },
  });
  // a client that goes away in the middle: nothing to do about it
  server.on('error', () => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');

  return {
    // an address and a port, as it listens on TCP
    port: (server.server.address() as AddressInfo).port,
    messages,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function reply(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

/** Latin-1 keeps every byte as one character. */
async function read(stream: SMTPServerDataStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

function headerOf(mail: string, name: string): string {
  const head = mail.slice(0, mail.indexOf('\r\n\r\n'));
  return new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
}

/** Just enough MIME for what the demo sends; use a mail parser for mail from elsewhere. */
function attachmentsOf(mail: string): readonly string[] {
  const boundary = /boundary="?([^"\r\n;]+)/i.exec(mail)?.[1];
  if (boundary === undefined) return [];
  const hashes: string[] = [];
  for (const part of mail.split(`\r\n--${boundary}`)) {
    const end = part.indexOf('\r\n\r\n');
    if (!/^Content-Disposition: *attachment/im.test(part.slice(0, end))) continue;
    hashes.push(sha256(Buffer.from(part.slice(end), 'base64')));
  }
  return hashes;
}
