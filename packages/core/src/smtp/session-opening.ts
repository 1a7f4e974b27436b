// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { StageTime } from '../observability/stages.ts';
import { authenticate, usesToken } from './authenticate.ts';
import { NO_CAPABILITIES, parseCapabilities, type SmtpCapabilities } from './capabilities.ts';
import { SmtpConnection } from './connection.ts';
import { givenUp, notAllowed, refusedAt, unsupported } from './opening-errors.ts';
import { type SmtpAuth, SmtpConnectError, type SmtpRelay } from './session.types.ts';
import { StageTimes } from './stage-times.ts';
import { Transcript } from './transcript.ts';
import { TrustStore } from './trust-store.ts';

export interface OpenSessionOptions {
  readonly clock: Clock;
  /** Gives up the opening; once the session is open it has no effect. */
  readonly signal?: AbortSignal;
  /** Told once when an opened session stops being usable: the relay closed it or spoke unasked, a fault, quit, destroy. */
  readonly onUnusable?: () => void;
  /** Kept by whoever opens many sessions with a relay that has TLS settings of its own. @defaultValue one for this session */
  readonly trust?: TrustStore;
}

/** A connection over which mail may be sent, and what the relay can do. */
export interface OpenedConnection {
  readonly connection: SmtpConnection;
  readonly capabilities: SmtpCapabilities;
  /** How long its stages took. */
  readonly opening: readonly StageTime[];
}

/**
 * Connect to a relay, protect the connection, and authenticate where the relay's settings say so.
 *
 * @throws SmtpConnectError
 */
export async function openConnection(relay: SmtpRelay, options: OpenSessionOptions): Promise<OpenedConnection> {
  // The only setting that is written into a command as it is.
  if (!/^[\x21-\x7e]+$/.test(relay.ehloName))
    throw new TypeError(`not a name for EHLO: ${JSON.stringify(relay.ehloName)}`);
  const transcript = new Transcript(options.clock);
  try {
    return await connectAndIntroduce(relay, options, transcript);
  } catch (error) {
    if (!(error instanceof SmtpConnectError)) throw error;
    throw error.withTranscript(transcript.lines);
  }
}

async function connectAndIntroduce(
  relay: SmtpRelay,
  { clock, signal, onUnusable, trust = new TrustStore() }: OpenSessionOptions,
  transcript: Transcript,
): Promise<OpenedConnection> {
  if (signal?.aborted) throw givenUp();
  const refusal = relay.guard?.refusal(relay.host) ?? null;
  if (refusal !== null) throw notAllowed(refusal);
  const auth = relay.auth === undefined ? undefined : waitingNoLonger(relay.auth, signal);
  // Before there is a connection: a token endpoint may be slow, and relays hang up on who stays silent.
  const token = auth === undefined ? null : await tokenOf(auth, transcript);

  const connection = new SmtpConnection(relay, { clock, trust, transcript });
  const giveUp = () => connection.fail('aborted', 'given up');
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    const times = new StageTimes(clock);
    const capabilities = await introduce(connection, relay, times);
    if (auth !== undefined) {
      await authenticate(connection, { auth, token }, capabilities, relay.timeouts.commandMs);
      times.end('auth');
    }
    if (connection.fault !== null) throw new SmtpConnectError(connection.fault);
    connection.onEnd = onUnusable ?? null;
    return { connection, capabilities, opening: times.taken };
  } catch (error) {
    connection.destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

async function tokenOf(auth: SmtpAuth, transcript: Transcript): Promise<string | null> {
  if (!usesToken(auth)) return null;
  if (auth.token === undefined) throw unsupported('auth', 'XOAUTH2 needs a token, and the account has none');
  try {
    return await auth.token();
  } catch (error) {
    if (error instanceof SmtpConnectError) transcript.note(error.fault.text);
    throw error;
  }
}

/** Credentials whose source of tokens is not waited for once `signal` has aborted; others may wait for the same answer. */
function waitingNoLonger(auth: SmtpAuth, signal: AbortSignal | undefined): SmtpAuth {
  const { token } = auth;
  if (token === undefined || signal === undefined) return auth;
  return {
    ...auth,
    token: (refused) =>
      new Promise((resolve, reject) => {
        const giveUp = () => reject(givenUp());
        if (signal.aborted) giveUp();
        signal.addEventListener('abort', giveUp, { once: true });
        void token(refused)
          .then(resolve, reject)
          .finally(() => signal.removeEventListener('abort', giveUp));
      }),
  };
}

/** All steps from TCP to AUTH, which is not among them; answers what the relay can do. */
async function introduce(connection: SmtpConnection, relay: SmtpRelay, times: StageTimes): Promise<SmtpCapabilities> {
  await connection.connect();
  times.end('connect');
  if (relay.tls === 'implicit') {
    await connection.secure('connect');
    times.end('tls');
  }
  const greeting = await connection.ask('greeting', '', relay.timeouts.greetingMs);
  if (greeting.code >= 300) throw refusedAt('greeting', greeting);

  let capabilities = await sayHello(connection, relay);
  times.end('greeting');
  if (await startTls(connection, relay, capabilities)) {
    times.end('tls');
    // RFC 3207 §4.2: what was announced in clear is void.
    capabilities = await sayHello(connection, relay);
    times.end('greeting');
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
