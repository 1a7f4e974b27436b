// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { SmtpCapabilities } from './capabilities.ts';
import type { PeerCertificate, SmtpConnection, TlsAgreement } from './connection.ts';
import { refusedAt } from './opening-errors.ts';
import type { HeldPlace } from './pool.types.ts';
import type { SmtpFaultRecord, SmtpStage } from './reply.ts';
import { sessionOn } from './session.ts';
import { SmtpConnectError, type SmtpRelay, type SmtpTimeouts } from './session.types.ts';
import { openConnection } from './session-opening.ts';
import type { TrustStore } from './trust-store.ts';

export interface VerifyOptions {
  readonly clock: Clock;
  /** Gives up. */
  readonly signal?: AbortSignal;
  readonly trust?: TrustStore;
  /** Gives a place among the account's connections once there is one. @defaultValue none is needed */
  readonly reserve?: (signal: AbortSignal) => Promise<HeldPlace>;
}

/** What a relay offers to this account, once protected. */
export interface RelayCapabilities {
  /** Null where the connection stayed in clear. */
  readonly tls: TlsAgreement | null;
  /** Null there, too. */
  readonly certificate: PeerCertificate | null;
  /** Largest message in bytes; null where it doesn't say or has no limit. */
  readonly size: number | null;
  readonly pipelining: boolean;
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
  readonly authMechanisms: readonly string[];
}

/** What came of trying out a relay's settings. */
export type RelayVerification =
  | {
      readonly ok: true;
      readonly capabilities: RelayCapabilities;
      readonly durationMs: number;
      readonly transcript: readonly string[];
    }
  | {
      readonly ok: false;
      readonly stage: SmtpStage;
      /** Null where no reply was given. */
      readonly code: number | null;
      readonly enhanced: string | null;
      /** What the relay said, or what failed. */
      readonly reply: string;
      readonly kind: SmtpFaultRecord['kind'];
      readonly durationMs: number;
      readonly transcript: readonly string[];
    };

/** Somebody waits for the answer; RFC 5321's minutes are for mail that has nobody waiting. */
const MAX_STAGE_MS = 30_000;

/**
 * Try out a relay's settings without sending mail: connect, EHLO, STARTTLS and AUTH where they are set, NOOP, QUIT. Never
 * rejects for what the relay or the network does.
 */
export async function verifyRelay(relay: SmtpRelay, options: VerifyOptions): Promise<RelayVerification> {
  const { clock } = options;
  const impatient: SmtpRelay = { ...relay, timeouts: capped(relay.timeouts) };
  const startedAt = clock.monotonic();
  const durationMs = (): number => Math.round(clock.monotonic() - startedAt);
  try {
    using place = await waitForPlace(options);
    const signals = [options.signal, place?.signal].filter((signal) => signal !== undefined);
    const signal = AbortSignal.any(signals);
    const opened = await openConnection(impatient, { ...options, signal });
    const { connection, capabilities } = opened;
    const result = { ok: true, capabilities: shown(capabilities, connection) } as const;
    try {
      await checkNoop(connection, impatient, signal);
    } finally {
      await sessionOn(opened, impatient, clock).quit();
    }
    return { ...result, durationMs: durationMs(), transcript: connection.transcript.lines };
  } catch (error) {
    if (!(error instanceof SmtpConnectError)) throw error;
    const { fault, reply, transcript } = error;
    return {
      ok: false,
      stage: fault.stage,
      code: reply?.code ?? null,
      enhanced: reply?.enhanced ?? null,
      reply: reply?.text ?? fault.text,
      kind: fault.kind,
      durationMs: durationMs(),
      transcript,
    };
  }
}

/** Mail of the account may hold all connections that it may have. */
async function waitForPlace({ clock, signal, reserve }: VerifyOptions): Promise<HeldPlace | null> {
  if (reserve === undefined) return null;
  const timeout = new AbortController();
  using _ = clock.after(MAX_STAGE_MS, () => timeout.abort());
  try {
    return await reserve(AbortSignal.any(signal === undefined ? [timeout.signal] : [timeout.signal, signal]));
  } catch (error) {
    throw timeout.signal.aborted ? noneFree() : error;
  }
}

function noneFree(): SmtpConnectError {
  const text = `no connection was free within ${MAX_STAGE_MS} ms: mail has all that the account, its host or the server may have`;
  return new SmtpConnectError({ kind: 'timeout', stage: 'connect', text });
}

/** Some relays accept any AUTH and hang up at the next command. */
async function checkNoop(connection: SmtpConnection, relay: SmtpRelay, signal: AbortSignal): Promise<void> {
  const giveUp = () => connection.fail('aborted', 'given up');
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    // It has no stage of its own; RSET is the nearest: a command beside the mail.
    const reply = await connection.ask('rset', 'NOOP\r\n', relay.timeouts.commandMs);
    if (reply.code === 421) throw refusedAt('rset', reply);
  } catch (error) {
    if (!(error instanceof SmtpConnectError)) throw error;
    throw error.withTranscript(connection.transcript.lines);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function shown(
  capabilities: SmtpCapabilities,
  { tls, peerCertificate: certificate }: SmtpConnection,
): RelayCapabilities {
  const { maxBytes, pipelining, eightBitMime, smtpUtf8, authMechanisms } = capabilities;
  return { tls, certificate, size: maxBytes, pipelining, eightBitMime, smtpUtf8, authMechanisms: [...authMechanisms] };
}

function capped(timeouts: SmtpTimeouts): SmtpTimeouts {
  const { connectMs, greetingMs, commandMs } = timeouts;
  return {
    ...timeouts,
    connectMs: Math.min(connectMs, MAX_STAGE_MS),
    greetingMs: Math.min(greetingMs, MAX_STAGE_MS),
    commandMs: Math.min(commandMs, MAX_STAGE_MS),
  };
}
