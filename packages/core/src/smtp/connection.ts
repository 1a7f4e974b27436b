// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import { Deadline } from './deadline.ts';
import { errorText, faultKind, faultText } from './faults.ts';
import type { SmtpFaultRecord, SmtpReply, SmtpStage } from './reply.ts';
import { ReplyParser } from './reply-parser.ts';
import { SmtpConnectError, type SmtpRelay } from './session.types.ts';
import type { Transcript } from './transcript.ts';
import type { TrustStore } from './trust-store.ts';

/** First probe of an idle connection; below the time after which home routers and firewalls forget it (5 min, RFC 5382). */
const KEEP_ALIVE_DELAY_MS = 60_000;

/**
 * How long one address of a host may take before the next one is tried beside it. Node's default of 250 ms gives up on
 * a relay at the other end of the world; connections are pooled, so a slower start costs little.
 */
const ADDRESS_ATTEMPT_MS = 2_000;

/** Up to this copying the end of a message to the commands behind it costs less than handing the system two pieces. */
const MAX_JOINED_BYTES = 65_536;

/** Who waits for the relay. Without one, whatever the relay sends is out of step. */
export interface ConnectionHandler {
  onReply(reply: SmtpReply): void;
  /** Called once, the last call of all. */
  onFault(fault: SmtpFaultRecord): void;
  /** The socket takes more. */
  onDrain?(): void;
}

/** Which TLS was agreed upon. */
export interface TlsAgreement {
  readonly version: string;
  /** By its IANA name. */
  readonly cipher: string;
}

/** What the relay's certificate says of itself. */
export interface PeerCertificate {
  /** Its common name, or all of its subject where it has none. */
  readonly subject: string;
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
}

export interface ConnectionParts {
  readonly clock: Clock;
  readonly trust: TrustStore;
  readonly transcript: Transcript;
}

/**
 * A socket that speaks SMTP: replies in, bytes out, one deadline, and the first fault, which ends it. Its listeners
 * stay attached from the first moment to the last, so that an idle connection notices its end and no error is unhandled.
 */
export class SmtpConnection {
  /** Told once, when the connection has ended for whatever reason and its handler knows. */
  onEnd: (() => void) | null = null;
  /** Makes a line of a reply to AUTH safe to show: relays were seen to repeat what they were sent. */
  redact: (line: string) => string = () => '[redacted]';
  /** The same of replies after AUTH; null where there is nothing to hide. */
  redactLater: ((line: string) => string) | null = null;
  readonly transcript: Transcript;

  readonly #clock: Clock;
  readonly #relay: SmtpRelay;
  readonly #trust: TrustStore;
  readonly #parser = new ReplyParser();
  readonly #deadline: Deadline;
  #socket: Socket;
  #isTls = false;
  #stage: SmtpStage = 'connect';
  #allowedMs = 0;
  #handler: ConnectionHandler | null = null;
  #fault: SmtpFaultRecord | null = null;
  /** The end of a message that waits for what goes behind it. */
  #held: readonly Uint8Array[] = NOTHING;
  #flushing: NodeJS.Immediate | null = null;
  /** Ends the opening step under way with success. */
  #opened: (() => void) | null = null;

  /** Start connecting; {@link connect} waits for it. */
  constructor(relay: SmtpRelay, { clock, trust, transcript }: ConnectionParts) {
    this.#clock = clock;
    this.#relay = relay;
    this.#trust = trust;
    this.transcript = transcript;
    this.#deadline = new Deadline(clock, () => this.fail('timeout', `no progress within ${this.#allowedMs} ms`));
    this.#socket = connectTcp({
      host: relay.host,
      port: relay.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
      ...(relay.guard === undefined ? {} : { lookup: relay.guard.lookup }),
    });
    this.#attach();
  }

  /** What ended the connection; null while it lives. */
  get fault(): SmtpFaultRecord | null {
    return this.#fault;
  }

  /** Whether the connection is under TLS, or about to be. */
  get isTls(): boolean {
    return this.#isTls;
  }

  /** Null while nothing protects the connection. */
  get tls(): TlsAgreement | null {
    if (!(this.#socket instanceof TLSSocket)) return null;
    return { version: this.#socket.getProtocol() ?? 'unknown', cipher: this.#socket.getCipher().standardName };
  }

  /** Null while nothing protects the connection. */
  get peerCertificate(): PeerCertificate | null {
    const certificate = this.#socket instanceof TLSSocket ? this.#socket.getPeerX509Certificate() : undefined;
    if (certificate === undefined) return null;
    const { subject, issuer, validFromDate, validToDate } = certificate;
    return {
      subject: commonName(subject),
      issuer: commonName(issuer),
      validFrom: validFromDate.getTime(),
      validTo: validToDate.getTime(),
    };
  }

  /** Lines of the last reply, without codes and not cut. */
  get replyLines(): readonly string[] {
    return this.#parser.lines;
  }

  /** Whether the relay has sent more than what was handled so far. */
  get hasUnreadInput(): boolean {
    return this.#parser.pending;
  }

  /** Whether some of what was written has not reached the kernel, so that its bytes are still read. */
  get hasUnwrittenOutput(): boolean {
    return this.#held.length > 0 || this.#socket.writableLength > 0;
  }

  /** @throws SmtpConnectError */
  async connect(): Promise<void> {
    await this.#open('connect', () => this.#socket.once('connect', () => this.#opened?.()));
    this.transcript.note(`connected to ${this.#socket.remoteAddress ?? 'nobody'} port ${this.#relay.port}`);
  }

  /**
   * Put TLS over the connection: at once (implicit), or after the 220 to STARTTLS.
   *
   * @throws SmtpConnectError also for a certificate that is not trusted or names another host.
   */
  async secure(stage: 'connect' | 'starttls'): Promise<void> {
    await this.#open(stage, () => {
      const plain = this.#socket;
      this.#detach();
      this.#isTls = true;
      const secured = this.#startTls(plain);
      if (secured === null) return;
      this.#socket = secured;
      this.#attach();
      secured.once('secureConnect', () => this.#opened?.());
    });
    const { tls } = this;
    if (tls !== null) this.transcript.note(`${tls.version} ${tls.cipher}`);
  }

  /**
   * Write one command, or nothing, and wait for its reply. For all but transactions, which cannot afford a promise a reply.
   *
   * @param shown - What the transcript shows of the command.
   * @throws SmtpConnectError
   */
  ask(stage: SmtpStage, command: string, timeoutMs: number, shown: string = command): Promise<SmtpReply> {
    return new Promise((resolve, reject) => {
      if (this.#fault !== null) {
        reject(new SmtpConnectError({ ...this.#fault, stage }));
        return;
      }
      this.listen({
        onReply: (reply) => {
          // What came in clear behind the 220 could be taken for a reply under TLS (CVE-2011-0411 seen from the client).
          if (stage === 'starttls') this.#parser.discard();
          this.release();
          resolve(reply);
        },
        onFault: (fault) => reject(new SmtpConnectError(fault)),
      });
      this.expect(stage, timeoutMs);
      if (command !== '') this.command(command, shown);
      this.#read();
    });
  }

  /** Close this side and wait until the relay has closed its own; afterwards the connection has ended, one way or another. */
  close(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#fault !== null) {
        resolve();
        return;
      }
      this.listen({ onReply: () => undefined, onFault: () => resolve() });
      this.expect('quit', timeoutMs);
      this.flush();
      this.#socket.end();
    });
  }

  /** Take the connection for an exchange. */
  listen(handler: ConnectionHandler): void {
    this.#handler = handler;
  }

  /** Name what is waited for and how long, and until when at most, on the monotonic clock. */
  expect(stage: SmtpStage, timeoutMs: number, endsAt = Number.POSITIVE_INFINITY): void {
    this.#stage = stage;
    const now = this.#clock.monotonic();
    this.#allowedMs = Math.max(0, Math.ceil(Math.min(timeoutMs, endsAt - now)));
    this.#deadline.setAt(now + this.#allowedMs, now);
  }

  /** Give the connection back; from now on the relay must be silent. */
  release(): void {
    this.#handler = null;
    this.#deadline.clear();
  }

  /** Write commands, each with its CRLF. */
  command(commands: string, shown: string = commands): void {
    this.transcript.client(shown);
    this.commandAhead(commands);
  }

  /** Write commands while the replies to others are waited for; the transcript shows them when their turn comes. */
  commandAhead(commands: string): void {
    if (this.#held.length === 0) this.#socket.write(commands);
    else this.#writeTogether([...this.#takeHeld(), Buffer.from(commands)]);
  }

  /** Write a piece of a message. Answers false where the caller should wait for `onDrain`. */
  write(bytes: Uint8Array): boolean {
    this.flush();
    return this.#socket.write(bytes);
  }

  /** Keep the end of a message, in pieces, so that the commands which go behind it go in one system call with it. */
  hold(...pieces: readonly Uint8Array[]): void {
    this.#held = pieces;
  }

  /** Write what is kept. */
  flush(): void {
    if (this.#held.length > 0) this.#writeTogether(this.#takeHeld());
  }

  /** Write what is kept in the end of this turn of the event loop, unless commands take it with them before. */
  flushSoon(): void {
    if (this.#held.length > 0) this.#flushing ??= setImmediate(() => this.flush());
  }

  /** End the connection for a reason; only the first one counts. */
  fail(kind: SmtpFaultRecord['kind'], text: string): void {
    if (this.#fault !== null) return;
    const fault: SmtpFaultRecord = { kind, stage: this.#stage, text: faultText(text) };
    const handler = this.#handler;
    this.#fault = fault;
    this.#handler = null;
    this.#takeHeld();
    this.#deadline[Symbol.dispose]();
    this.#socket.destroy();
    handler?.onFault(fault);
    // After the handler, which may have something to say of what was written. The end of QUIT is no news.
    if (this.#stage !== 'quit') this.transcript.note(`${kind} at ${fault.stage}: ${fault.text}`);
    this.onEnd?.();
  }

  destroy(): void {
    this.fail('aborted', 'closed by this side');
  }

  #takeHeld(): readonly Uint8Array[] {
    const held = this.#held;
    this.#held = NOTHING;
    if (this.#flushing !== null) clearImmediate(this.#flushing);
    this.#flushing = null;
    return held;
  }

  #writeTogether(pieces: readonly Uint8Array[]): void {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length <= MAX_JOINED_BYTES) {
      this.#socket.write(Buffer.concat(pieces, length));
      return;
    }
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #open(stage: SmtpStage, start: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#fault !== null) {
        reject(new SmtpConnectError(this.#fault));
        return;
      }
      this.listen({
        onReply: () => this.fail('protocol', 'the relay spoke before its turn'),
        onFault: (fault) => reject(new SmtpConnectError(fault)),
      });
      this.#opened = () => {
        this.#opened = null;
        if (this.#fault !== null) return;
        this.release();
        resolve();
      };
      this.expect(stage, this.#relay.timeouts.connectMs);
      start();
    });
  }

  #startTls(socket: Socket): TLSSocket | null {
    const { host, servername = host, insecureTls = false } = this.#relay;
    try {
      const context = this.#trust.contextFor(this.#relay);
      return connectTls({
        socket,
        host: servername,
        // RFC 6066 §3 forbids addresses in SNI; the certificate is checked against `host` then.
        servername: isIP(servername) === 0 ? servername : '',
        rejectUnauthorized: !insecureTls,
        ...(context === null ? {} : { secureContext: context }),
      });
    } catch (error) {
      // What is no PEM, or a key of another certificate, is found here.
      if (!(error instanceof Error)) throw error;
      this.fail('tls', errorText(error));
      return null;
    }
  }

  readonly #onError = (error: Error): void => this.fail(faultKind(error, this.#isTls), errorText(error));
  readonly #onClosed = (): void => this.fail('closed', 'the relay closed the connection');
  readonly #onDrain = (): void => this.#handler?.onDrain?.();
  readonly #onData = (chunk: Buffer): void => this.#take(chunk);

  #attach(): void {
    this.#socket
      .on('error', this.#onError)
      .on('end', this.#onClosed)
      .on('close', this.#onClosed)
      .on('drain', this.#onDrain);
  }

  /** Leave the socket to TLS; its errors are still heard. */
  #detach(): void {
    this.#socket
      .off('data', this.#onData)
      .off('end', this.#onClosed)
      .off('close', this.#onClosed)
      .off('drain', this.#onDrain);
  }

  /** From the first wait for a reply on: what the relay says earlier stays in the socket. */
  #read(): void {
    if (!this.#socket.listeners('data').includes(this.#onData)) this.#socket.on('data', this.#onData);
  }

  #take(chunk: Buffer): void {
    if (this.#fault !== null) return;
    this.#parser.push(chunk);
    for (let next = this.#parser.next(); next !== null; next = this.#parser.next()) {
      const { lines } = this.#parser;
      const isAuth = this.#stage === 'auth';
      const redact = isAuth ? this.redact : this.redactLater;
      // Who authenticates needs the words of a challenge, and hides the secrets in them itself.
      const reply = isAuth || redact === null ? next : { ...next, text: redact(next.text) };
      this.transcript.server(reply, redact === null ? lines : lines.map(redact));
      if (this.#handler === null) {
        const kind = reply.code === 421 ? 'closed' : 'protocol';
        this.fail(kind, `the relay said ${reply.code} unasked`);
        return;
      }
      this.#handler.onReply(reply);
      if (this.#fault !== null) return;
    }
    if (this.#parser.problem !== null) {
      // A relay may repeat what it was sent, which in AUTH is the password.
      this.fail('protocol', this.#stage === 'auth' ? 'not an SMTP reply' : this.#parser.problem);
    } else if (this.#handler === null && this.#parser.pending) {
      this.fail('protocol', 'the relay sent bytes unasked');
    }
  }
}

const NOTHING: readonly Uint8Array[] = [];

/** A distinguished name has a line for each of its parts. */
function commonName(name: string): string {
  return /^CN=(.+)$/m.exec(name)?.[1] ?? name.replaceAll('\n', ', ');
}
