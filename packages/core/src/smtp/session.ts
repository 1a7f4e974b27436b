// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isAscii } from 'node:buffer';
import type { Clock } from '../clock.ts';
import { authenticate, refusedAt } from './authenticate.ts';
import { NO_CAPABILITIES, parseCapabilities, type SmtpCapabilities } from './capabilities.ts';
import { SmtpConnection } from './connection.ts';
import { endsWithLineBreak } from './dot-stuffing.ts';
import { assertEnvelope, needsSmtpUtf8 } from './envelope.ts';
import type { SmtpFaultRecord, SmtpReply } from './reply.ts';
import {
  type RecipientReply,
  SmtpConnectError,
  type SmtpRelay,
  type SmtpSession,
  type SmtpTransaction,
} from './session.types.ts';
import { Transaction } from './transaction.ts';
import { TrustStore } from './trust-store.ts';

export interface OpenSessionOptions {
  readonly clock: Clock;
  /** Gives up the opening; once the session is open it has no effect. */
  readonly signal?: AbortSignal;
  /** Told once when an opened session stops being usable: the relay closed it or spoke unasked, a fault, quit, destroy. */
  readonly onUnusable?: () => void;
  /** Kept by whoever opens many sessions with a relay that has a `ca`. @defaultValue one for this session */
  readonly trust?: TrustStore;
}

/**
 * Connect to a relay, protect the connection, and authenticate where the relay's settings say so.
 *
 * @throws SmtpConnectError where the relay, the network or `signal` prevents it. If a reply did, `reply` holds it and
 * `fault.kind` is `refused`.
 * @see RFC 5321, RFC 3207 (STARTTLS), RFC 4954 (AUTH)
 */
export async function openSession(relay: SmtpRelay, options: OpenSessionOptions): Promise<SmtpSession> {
  const { clock, signal, onUnusable, trust = new TrustStore() } = options;
  // The only setting that is written into a command as it is.
  if (!/^[\x21-\x7e]+$/.test(relay.ehloName))
    throw new TypeError(`not a name for EHLO: ${JSON.stringify(relay.ehloName)}`);
  if (signal?.aborted) throw new SmtpConnectError({ kind: 'aborted', stage: 'connect', text: 'given up' });

  const connection = new SmtpConnection(relay, clock, trust);
  const giveUp = () => connection.fail('aborted', 'given up');
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    const capabilities = await introduce(connection, relay);
    if (connection.fault !== null) throw new SmtpConnectError(connection.fault);
    connection.onEnd = onUnusable ?? null;
    return new Session(connection, relay, capabilities, clock);
  } catch (error) {
    connection.destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

/** All steps from TCP to where mail may be sent; answers what the relay can do. */
async function introduce(connection: SmtpConnection, relay: SmtpRelay): Promise<SmtpCapabilities> {
  await connection.connect();
  if (relay.tls === 'implicit') await connection.secure('connect');
  const greeting = await connection.ask('greeting', '', relay.timeouts.greetingMs);
  if (greeting.code >= 300) throw refusedAt('greeting', greeting);

  let capabilities = await sayHello(connection, relay);
  if (await startTls(connection, relay, capabilities)) {
    // RFC 3207 §4.2: what was announced in clear is void.
    capabilities = await sayHello(connection, relay);
  }
  if (relay.auth !== undefined) {
    await authenticate(connection, relay.auth, capabilities, relay.timeouts.commandMs);
  }
  return capabilities;
}

async function sayHello(connection: SmtpConnection, relay: SmtpRelay): Promise<SmtpCapabilities> {
  const { commandMs } = relay.timeouts;
  const reply = await connection.ask('ehlo', `EHLO ${relay.ehloName}\r\n`, commandMs);
  if (reply.code < 300) return parseCapabilities(connection.replyLines);
  // Second digit 0 means syntax (RFC 5321 §4.2.1): the command is unknown. Any other refusal means us, not EHLO.
  if (Math.floor(reply.code / 10) !== 50) throw refusedAt('ehlo', reply);
  if (relay.tls === 'starttls' && !connection.isTls)
    throw unsupported('starttls', 'the relay knows no EHLO, so no STARTTLS');
  if (relay.auth !== undefined) throw unsupported('auth', 'the relay knows no EHLO, so no AUTH');
  const simple = await connection.ask('ehlo', `HELO ${relay.ehloName}\r\n`, commandMs);
  if (simple.code >= 300) throw refusedAt('ehlo', simple);
  return NO_CAPABILITIES;
}

/** Answers whether the connection has gone under TLS by this. */
async function startTls(
  connection: SmtpConnection,
  { tls, timeouts }: SmtpRelay,
  { startTls: isOffered }: SmtpCapabilities,
): Promise<boolean> {
  if (tls === 'none' || tls === 'implicit') return false;
  if (!isOffered) {
    if (tls === 'starttls') throw unsupported('starttls', 'the relay does not offer STARTTLS, which is required');
    return false;
  }
  const reply = await connection.ask('starttls', 'STARTTLS\r\n', timeouts.commandMs);
  // Going on in clear where it was offered and is refused would hand the choice to whoever sits in between.
  if (reply.code >= 300) throw refusedAt('starttls', reply);
  await connection.secure('starttls');
  return true;
}

function unsupported(stage: 'starttls' | 'auth', text: string): SmtpConnectError {
  return new SmtpConnectError({ kind: 'unsupported', stage, text });
}

class Session implements SmtpSession {
  readonly #connection: SmtpConnection;
  readonly #relay: SmtpRelay;
  readonly #capabilities: SmtpCapabilities;
  readonly #clock: Clock;
  #transactions = 0;
  #isBusy = false;
  #needsReset = false;
  #quitting: Promise<void> | null = null;

  constructor(connection: SmtpConnection, relay: SmtpRelay, capabilities: SmtpCapabilities, clock: Clock) {
    this.#connection = connection;
    this.#relay = relay;
    this.#capabilities = capabilities;
    this.#clock = clock;
  }

  get usable(): boolean {
    return this.#connection.fault === null && this.#quitting === null;
  }

  get transactions(): number {
    return this.#transactions;
  }

  async send(transaction: SmtpTransaction, mayMail: () => boolean = () => true): Promise<readonly RecipientReply[]> {
    if (this.#isBusy) throw new Error('a session sends one transaction at a time');
    assertEnvelope(transaction);
    const { fault } = this.#connection;
    if (fault !== null || this.#quitting !== null) return allBroken(transaction, fault);
    const refusal = refuseUnsent(transaction, this.#capabilities);
    if (refusal !== null) {
      return transaction.to.map((address) => ({ status: 'refused', address, stage: 'mail', reply: refusal }));
    }

    const run = new Transaction(
      {
        connection: this.#connection,
        capabilities: this.#capabilities,
        clock: this.#clock,
        timeouts: this.#relay.timeouts,
        isPipelined: this.#capabilities.pipelining && this.#relay.lockStep !== true,
        needsReset: this.#needsReset,
      },
      { ...transaction, smtpUtf8: needsSmtpUtf8(transaction) },
      mayMail,
    );
    this.#isBusy = true;
    try {
      return await run.run();
    } finally {
      this.#isBusy = false;
      if (run.hasMailed) {
        this.#transactions += 1;
        this.#needsReset = run.leavesOpen;
      }
    }
  }

  quit(): Promise<void> {
    if (this.#isBusy) this.destroy();
    this.#quitting ??= this.#sayQuit();
    return this.#quitting;
  }

  destroy(): void {
    this.#connection.destroy();
  }

  async #sayQuit(): Promise<void> {
    const { quitMs } = this.#relay.timeouts;
    const endsAt = this.#clock.monotonic() + quitMs;
    // Whatever comes of it, the session has ended.
    await Promise.allSettled([this.#connection.ask('quit', 'QUIT\r\n', quitMs)]);
    // Until the relay has closed, the connection counts against its limit, and so it should count against ours.
    await this.#connection.close(endsAt - this.#clock.monotonic());
  }
}

function allBroken({ to }: SmtpTransaction, cause: SmtpFaultRecord | null): readonly RecipientReply[] {
  const fault: SmtpFaultRecord = { kind: 'closed', text: 'the session has ended', ...cause, stage: 'mail' };
  return to.map((address) => ({ status: 'broken', address, fault, doubt: false }));
}

/** What the relay has announced that it can't take is not offered to it: a reply in its place, which says so. */
function refuseUnsent(transaction: SmtpTransaction, capabilities: SmtpCapabilities): SmtpReply | null {
  const body = Buffer.from(transaction.body.buffer, transaction.body.byteOffset, transaction.body.byteLength);
  const sizeBytes = body.length + (endsWithLineBreak(body) ? 0 : 2);
  const { maxBytes } = capabilities;
  if (maxBytes !== null && sizeBytes > maxBytes) {
    const text = `[mail-proxy, not sent] the message has ${sizeBytes} bytes, the relay takes ${maxBytes} (RFC 1870)`;
    return { code: 552, enhanced: '5.3.4', text };
  }
  if (!capabilities.smtpUtf8 && needsSmtpUtf8(transaction)) {
    const text = '[mail-proxy, not sent] the message needs SMTPUTF8, the relay does not offer it (RFC 6531)';
    return { code: 553, enhanced: '5.6.7', text };
  }
  if (!capabilities.eightBitMime && !isAscii(body)) {
    const text = '[mail-proxy, not sent] the message needs 8BITMIME, the relay does not offer it (RFC 6152)';
    return { code: 554, enhanced: '5.6.3', text };
  }
  return null;
}
