// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';
import { systemClock } from '../clock.ts';
import { type OpenSessionOptions, openSession } from './session.ts';
import type { RecipientReply, SmtpRelay, SmtpSession, SmtpTimeouts, SmtpTransaction } from './session.types.ts';
import { TEST_ONLY_CA, TEST_ONLY_CERTIFICATE, TEST_ONLY_KEY } from './test-certificates.case.ts';

/** The other side has gone while the script still waited for it; ends the script of that connection. */
class ClientGone extends Error {}

/** What a relay received as one message. */
export interface ReceivedMessage {
  readonly from: string;
  readonly to: readonly string[];
  /** As on the wire: dots stuffed, without the final dot. */
  readonly raw: string;
}

/** One connection to a scripted peer, seen from the peer. */
export class PeerConnection {
  /** Every command line read so far. */
  readonly commands: string[] = [];
  readonly messages: ReceivedMessage[] = [];
  socket: Socket;
  #input = '';
  #isGone = false;
  readonly #waiters: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    this.#attach();
  }

  /** Whether the client has sent what nobody has read. */
  get hasUnread(): boolean {
    return this.#input !== '';
  }

  /** How much of what the client has sent nobody has read. */
  get unreadBytes(): number {
    return this.#input.length;
  }

  /** Whether the client has closed the connection. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Send lines, each with its CRLF, in one packet. */
  say(...lines: readonly string[]): void {
    this.sayRaw(lines.map((line) => `${line}\r\n`).join(''));
  }

  sayRaw(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** Send and wait until the kernel has it. */
  async sayAndFlush(...lines: readonly string[]): Promise<void> {
    await new Promise((resolve) => this.socket.write(lines.map((line) => `${line}\r\n`).join(''), resolve));
  }

  /** Send byte by byte, each in a packet of its own. */
  async saySlowly(text: string): Promise<void> {
    for (const byte of Buffer.from(text)) {
      await new Promise((resolve) => this.socket.write(Buffer.of(byte), resolve));
    }
  }

  /** The next command. */
  async line(): Promise<string> {
    const line = await this.#until('\r\n');
    this.commands.push(line);
    return line;
  }

  /** All up to the final dot, as it came. */
  async body(): Promise<string> {
    if (this.#input === '') await this.received(1);
    if (this.#input.startsWith('.\r\n')) {
      this.#input = this.#input.slice(3);
      return '';
    }
    return `${await this.#until('\r\n.\r\n')}\r\n`;
  }

  /** Read on to the final dot and count the bytes before it; for bodies too large to keep. */
  async bodyLength(): Promise<number> {
    let length = 0;
    let tail = '';
    for (;;) {
      length += this.#input.length;
      tail = (tail + this.#input.slice(-5)).slice(-5);
      this.#input = '';
      if (tail === '\r\n.\r\n') return length - 3;
      await this.#more();
    }
  }

  /** Wait until so many bytes came; they are left unread. */
  async received(bytes: number): Promise<void> {
    while (this.#input.length < bytes) await this.#more();
  }

  /** Wait for the client to close. */
  async gone(): Promise<void> {
    while (!this.#isGone) await this.#change();
  }

  /** Go under TLS as the server. */
  secure(certificate = TEST_ONLY_CERTIFICATE, options: TLSSocketOptions = {}): void {
    const plain = this.socket;
    for (const event of ['data', 'end', 'close']) plain.removeAllListeners(event);
    this.#input = '';
    this.socket = new TLSSocket(plain, { isServer: true, key: TEST_ONLY_KEY, cert: certificate, ...options });
    this.#attach();
  }

  close(): void {
    this.socket.end();
  }

  /** RST instead of FIN. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  #attach(): void {
    // Bytes one to one, so that lengths are lengths.
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => {
      this.#input += text;
      this.#wake();
    });
    this.socket.on('error', () => undefined);
    for (const event of ['end', 'close']) {
      this.socket.on(event, () => {
        this.#isGone = true;
        this.#wake();
      });
    }
  }

  async #until(end: string): Promise<string> {
    for (;;) {
      const at = this.#input.indexOf(end);
      if (at !== -1) {
        const text = this.#input.slice(0, at);
        this.#input = this.#input.slice(at + end.length);
        return text;
      }
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    if (this.#isGone) throw new ClientGone();
    await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}

/** A server whose every byte is scripted. Disposing closes it and fails if a script failed. */
export interface ScriptedPeer extends AsyncDisposable {
  readonly port: number;
  readonly connections: readonly PeerConnection[];
}

export async function startPeer(
  script: (peer: PeerConnection, connectionIndex: number) => Promise<void> | void,
): Promise<ScriptedPeer> {
  const connections: PeerConnection[] = [];
  const scripts: Promise<void>[] = [];
  const run = async (peer: PeerConnection): Promise<void> => {
    try {
      await script(peer, connections.length - 1);
    } catch (error) {
      if (!(error instanceof ClientGone)) throw error;
    }
  };
  const server = createServer({ noDelay: true }, (socket) => {
    const peer = new PeerConnection(socket);
    connections.push(peer);
    const running = run(peer);
    running.catch(() => undefined);
    scripts.push(running);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // A server that listens on TCP has this form of address.
    port: (server.address() as AddressInfo).port,
    connections,
    async [Symbol.asyncDispose]() {
      for (const peer of connections) peer.socket.destroy();
      server.close();
      await Promise.all(scripts);
    },
  };
}

/** Answers to single commands: by verb, `CONNECT` for the greeting, `DOT` for the end of the message. */
export type Answers = Readonly<Record<string, (line: string, peer: PeerConnection) => string | Promise<string>>>;

export interface ServeOptions {
  readonly extensions?: readonly string[];
  readonly answers?: Answers;
}

/**
 * Play a relay that takes everything, except where `answers` says otherwise. An empty answer sends nothing; `close`
 * ends the connection.
 */
export async function serve(peer: PeerConnection, options: ServeOptions = {}): Promise<void> {
  const { extensions = ['PIPELINING', '8BITMIME', 'SIZE 10485760', 'SMTPUTF8', 'AUTH PLAIN LOGIN'], answers = {} } =
    options;
  const ehlo = ['relay.test', ...extensions].map(
    (line, index) => `250${index === extensions.length ? ' ' : '-'}${line}`,
  );
  const usual: Answers = {
    CONNECT: () => '220 relay.test ESMTP',
    EHLO: () => ehlo.join('\r\n'),
    HELO: () => '250 relay.test',
    AUTH: () => '235 2.7.0 welcome',
    MAIL: () => '250 2.1.0 ok',
    RCPT: () => '250 2.1.5 ok',
    DATA: () => '354 go ahead',
    DOT: () => '250 2.0.0 queued',
    RSET: () => '250 2.0.0 ok',
    QUIT: () => '221 2.0.0 bye',
    STARTTLS: () => '220 2.0.0 go ahead',
  };
  const answer = async (verb: string, line: string): Promise<string> => {
    const text = await (answers[verb] ?? usual[verb] ?? (() => '500 5.5.1 unknown'))(line, peer);
    if (text === 'close') peer.close();
    else if (text !== '') peer.say(text);
    return text;
  };

  let from = '';
  let to: string[] = [];
  await answer('CONNECT', '');
  for (;;) {
    const line = await peer.line();
    const verb = line.split(' ', 1)[0]?.toUpperCase() ?? '';
    const text = await answer(verb, line);
    if (verb === 'MAIL') {
      from = line;
      to = [];
    }
    if (verb === 'RCPT' && text.startsWith('2')) to.push(line);
    if (verb === 'STARTTLS' && text.startsWith('220')) peer.secure();
    if (verb === 'QUIT' && text.startsWith('221')) peer.close();
    if (verb === 'DATA' && text.startsWith('354')) {
      const raw = await peer.body();
      peer.messages.push({ from, to, raw });
      await answer('DOT', '');
    }
  }
}

/** Short, since every test that waits for one waits in real time. */
export const GENEROUS_TIMEOUTS: SmtpTimeouts = {
  connectMs: 10_000,
  greetingMs: 10_000,
  commandMs: 10_000,
  dataMs: 10_000,
  blockMs: 10_000,
  dotMs: 10_000,
  quitMs: 10_000,
};

export function relayAt(port: number, overrides: Partial<SmtpRelay> = {}): SmtpRelay {
  return {
    host: '127.0.0.1',
    port,
    tls: 'none',
    servername: 'relay.test',
    ca: TEST_ONLY_CA,
    ehloName: 'proxy.test',
    timeouts: GENEROUS_TIMEOUTS,
    ...overrides,
  };
}

/** A session that closes with its test. */
export async function openTestSession(
  relay: SmtpRelay,
  options: Partial<OpenSessionOptions> = {},
): Promise<SmtpSession & Disposable> {
  const session = await openSession(relay, { clock: systemClock, ...options });
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() });
}

export function aTransaction(overrides: Partial<SmtpTransaction> = {}): SmtpTransaction {
  return {
    from: 'from@sender.test',
    to: ['a@rcpt.test'],
    smtpUtf8: false,
    body: Buffer.from('Subject: hello\r\n\r\nHello.\r\n'),
    ...overrides,
  };
}

/** What a test looks at of each recipient. */
export function brief(replies: readonly RecipientReply[]): readonly string[] {
  return replies.map((each) => {
    if (each.status === 'broken')
      return `broken ${each.fault.kind} at ${each.fault.stage}${each.doubt ? ', doubt' : ''}`;
    if (each.status === 'refused') return `refused ${each.reply.code} at ${each.stage}`;
    return `accepted ${each.reply.code}`;
  });
}
