// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { StageName, StageTime } from '../observability/stages.ts';
import type { MessageBody } from './message-body.ts';
import type { RelayGuard } from './relay-guard.ts';
import type { SmtpFaultRecord, SmtpReply, SmtpStage } from './reply.ts';
import type { SandboxRelay, SandboxTransaction } from './sandbox/sandbox.types.ts';

/**
 * How a connection is protected.
 * - `none`: never TLS.
 * - `opportunistic`: STARTTLS where it is offered; a relay with a bad certificate is still refused.
 * - `starttls`: STARTTLS or no mail at all; no credential is sent before it.
 * - `implicit`: TLS from the first byte (port 465).
 */
export type TlsMode = 'none' | 'opportunistic' | 'starttls' | 'implicit';

/**
 * How the relay is told who we are.
 * - `auto`: with a password the best of PLAIN (RFC 4616), LOGIN and CRAM-MD5 (RFC 2195) that is offered; with a token
 *   alone, XOAUTH2.
 * - the others: this one or no session at all.
 */
export type AuthMethod = 'auto' | 'plain' | 'login' | 'cram-md5' | 'xoauth2';

/**
 * Gives a bearer token. `refused` is one that the relay has just refused: another one is wanted, and the same again
 * means that there is none.
 *
 * @throws SmtpConnectError at stage `auth` where none can be had.
 */
export type TokenSource = (refused?: string) => Promise<string>;

/** Who we are to the relay. */
export interface SmtpAuth {
  readonly user: string;
  readonly method: AuthMethod;
  readonly password?: string;
  /** For XOAUTH2. */
  readonly token?: TokenSource;
}

/** With which a client presents itself in TLS, both PEM. */
export interface ClientCertificate {
  /** The certificate, and behind it those between it and the root. */
  readonly cert: string;
  readonly key: string;
}

/** Milliseconds allowed for each stage. */
export interface SmtpTimeouts {
  readonly connectMs: number;
  readonly greetingMs: number;
  readonly commandMs: number;
  readonly dataMs: number;
  /** Time in which the relay takes nothing while the body is written; a source that is read may take longer. */
  readonly blockMs: number;
  /** From the final dot to its reply. */
  readonly dotMs: number;
  readonly quitMs: number;
  /** From MAIL to the final dot, whatever progress there is: the end of a relay that reads a byte a second. Unlimited if absent. */
  readonly transactionMs?: number;
}

/** RFC 5321 §4.5.3.2; it has no figure for connecting, quitting and the whole of a transaction: those are ours. */
export const RFC5321_TIMEOUTS: SmtpTimeouts = {
  connectMs: 30_000,
  greetingMs: 300_000,
  commandMs: 300_000,
  dataMs: 120_000,
  blockMs: 180_000,
  dotMs: 600_000,
  quitMs: 5_000,
  transactionMs: 3_600_000,
};

/** All that is needed to open a session with a relay. */
export interface SmtpRelay {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  /** Checked against the certificate; the host by default. */
  readonly servername?: string;
  /** PEM certificates trusted besides the system's. */
  readonly ca?: string;
  /** Accept any certificate; for tests and closed networks only. @defaultValue false */
  readonly insecureTls?: boolean;
  /** Oldest TLS that is spoken. @defaultValue that of the process: TLSv1.2 */
  readonly minTlsVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly clientCert?: ClientCertificate;
  readonly auth?: SmtpAuth;
  /** Name given with EHLO. */
  readonly ehloName: string;
  readonly timeouts: SmtpTimeouts;
  /** Where the relay may be. @defaultValue anywhere */
  readonly guard?: RelayGuard;
  /** There is no relay: mail is kept here instead. @defaultValue none */
  readonly sandbox?: SandboxRelay;
}

/** One mail transaction: an envelope and the bytes of a message. */
export interface SmtpTransaction {
  /** Reverse path without brackets; empty for the null sender. */
  readonly from: string;
  /** Forward paths without brackets, 1 to 100 (RFC 5321 §4.5.3.1.8). */
  readonly to: readonly string[];
  /** Told to a relay that offers DSN (RFC 3461 §4.4): 1 to 100 visible characters of ASCII. @defaultValue none */
  readonly envelopeId?: string | undefined;
  /** The message itself needs SMTPUTF8 (RFC 6531), whoever its recipients are. */
  readonly smtpUtf8: boolean;
  /** The message as CRLF lines, not dot-stuffed; pure 7-bit where the relay offers no 8BITMIME. */
  readonly body: MessageBody;
  /** One command at a time, though groups are offered: the relay was seen to answer one badly. @defaultValue false */
  readonly lockStep?: boolean;
  /**
   * Where a recipient is refused, the message is not sent, and the others are refused for now, with 451. One command at a
   * time. @defaultValue false
   */
  readonly allOrNone?: boolean;
  /** What a sandbox is told beside. Relays take no notice of it. @defaultValue none */
  readonly sandbox?: SandboxTransaction | undefined;
}

/** What became of one recipient in one transaction. */
export type RecipientReply =
  /** The relay took responsibility: its reply to the final dot was 2xx. */
  | { readonly status: 'accepted'; readonly address: string; readonly reply: SmtpReply }
  /** A reply refused this recipient, or the transaction with it. */
  | { readonly status: 'refused'; readonly address: string; readonly stage: SmtpStage; readonly reply: SmtpReply }
  /**
   * No reply decided: the connection failed. `doubt` is true when the final dot may have reached the relay,
   * so that the message may have been taken.
   */
  | { readonly status: 'broken'; readonly address: string; readonly fault: SmtpFaultRecord; readonly doubt: boolean };

/** What the sender of a transaction is told besides its outcome. */
export interface SendObserver {
  /**
   * The message is written to its final dot, and nothing but the reply to it is waited for: `send` may be called with the
   * next transaction. Not told in lock-step.
   *
   * @returns whether that may happen: the end of the message waits for it then, until this turn of the event loop ends, so
   * that both go in one system call
   */
  onFinalDot?(): boolean;
  /**
   * Asked before the first byte of the message, since for a process that stood still MAIL is long ago. With false none of
   * it is sent: every entry is `broken` with kind `aborted` and `doubt: false`, and the connection is closed.
   *
   * @defaultValue it may be sent
   */
  mayWrite?(): boolean;
  /** The relay took the message, and all of it had left the process by then: its bytes may change. Not told by a sandbox. */
  onGone?(): void;
  /** A stage of the transaction came to its end. */
  onStage?(stage: StageName, ms: number): void;
  /** The commands were written behind the final dot of the transaction before, whose reply had not come. */
  onBehind?(): void;
  /** What was said, once it is over; see {@link SmtpSession.transcript}. */
  onTranscript?(lines: readonly string[]): void;
}

/**
 * An open, greeted, protected and authenticated connection. Sends one transaction at a time, and the commands of the next
 * one behind its final dot, which RFC 2920 §3.1 allows.
 */
export interface SmtpSession {
  /** How long the stages of its opening took. @defaultValue nothing is known of them */
  readonly opening?: readonly StageTime[];
  /** False once the connection is closed, closing or out of step. */
  readonly usable: boolean;
  /** Transactions that reached MAIL. */
  readonly transactions: number;
  /** The relay offers SMTPUTF8 (RFC 6531). */
  readonly smtpUtf8: boolean;
  /** The relay offers PIPELINING: a transaction that is not `lockStep` goes in one group up to DATA. */
  readonly pipelining: boolean;
  /** RCPT commands that a transaction may have: RCPTMAX (RFC 9422), and never more than 100. */
  readonly maxRecipients: number;
  /** The same as the relay itself says it; null where it says nothing. */
  readonly statedMaxRecipients: number | null;
  /** Different recipient domains that a transaction may have (RCPTDOMAINMAX, RFC 9422); null for no limit. */
  readonly maxRecipientDomains: number | null;
  /** Transactions that the relay takes on one connection (MAILMAX, RFC 9422); null for no limit. */
  readonly maxTransactions: number | null;
  /**
   * What was said in the last transaction, for a person: lines as `+12ms C: MAIL FROM:<a@x.test>`, at most 60 of 200
   * characters, without credentials and without the message. The first transaction of a connection has the opening in
   * front. Read it before the next transaction begins; who sends another one behind it is told of each.
   */
  readonly transcript: readonly string[];
  /**
   * Run one transaction. Never rejects for what the relay or the network does: every recipient has an entry,
   * in the order of `transaction.to`.
   *
   * `mayMail` is asked once, synchronously, before MAIL is written: the point of no return. When it answers
   * false nothing is sent and every entry is `broken` with kind `aborted` and `doubt: false`. So are they where the
   * body cannot be read to its end; then the fault has the `cause`, and the connection is closed without the final dot.
   *
   * While a transaction waits for the reply to its final dot, one more may be sent. It is not in doubt because of the one
   * before: where the connection ends with that, every entry is `broken` with kind `closed`, stage `mail` and
   * `doubt: false`. Much time may pass before its message is asked for, so `mayMail` is asked again then.
   */
  send(
    transaction: SmtpTransaction,
    mayMail?: () => boolean,
    observer?: SendObserver,
  ): Promise<readonly RecipientReply[]>;
  /** Milliseconds that the relay took for its last reply to a final dot; null before the first. */
  readonly lastDotMs: number | null;
  /** Ask with NOOP whether the relay still answers; false also while a transaction runs. Never rejects. */
  check(timeoutMs: number): Promise<boolean>;
  /** Say QUIT and close; never rejects, at most `quitMs`. */
  quit(): Promise<void>;
  /** Close at once. */
  destroy(): void;
}

/** Opening a session failed: at which stage, and with which reply if one was given. */
export class SmtpConnectError extends Error {
  override readonly name = 'SmtpConnectError';
  readonly fault: SmtpFaultRecord;
  readonly reply: SmtpReply | null;
  /** What was said up to the failure; see {@link SmtpSession.transcript}. */
  readonly transcript: readonly string[];

  constructor(fault: SmtpFaultRecord, reply: SmtpReply | null = null, transcript: readonly string[] = []) {
    super(`${fault.stage}: ${fault.text}`);
    this.fault = fault;
    this.reply = reply;
    this.transcript = transcript;
  }

  /** The same failure with what was said up to it. */
  withTranscript(transcript: readonly string[]): SmtpConnectError {
    return new SmtpConnectError(this.fault, this.reply, transcript);
  }
}
