// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { type HeaderFields, parseHeaderBlock } from './header-block.ts';
import { portOf } from './loopback.ts';
import { Recording } from './recording.ts';

/** What the relay answers instead of 250: `{ code: 550, text: '5.1.1 no such user' }`. */
export interface SmtpReply {
  readonly code: number;
  readonly text: string;
}

/** A message that the sink answered 250 for. */
export interface SinkMessage {
  /** When the 250 was sent, milliseconds since the epoch. */
  readonly at: number;
  /** The same for all messages of one connection. */
  readonly sessionId: string;
  /** Whom the client logged in as. */
  readonly user: string | undefined;
  readonly secure: boolean;
  /** Envelope sender; '' is the null sender. */
  readonly from: string;
  /** The recipients that were accepted, in the order of their RCPT. */
  readonly to: readonly string[];
  /** The bytes between DATA and the dot, dot-stuffing taken away. */
  readonly raw: Buffer;
  readonly headers: HeaderFields;
  /** The Message-ID header with its angle brackets. */
  readonly messageId: string | undefined;
  /** What MAIL said as ENVID. */
  readonly envelopeId: string | null;
}

export type HideableExtension = 'PIPELINING' | '8BITMIME' | 'SMTPUTF8' | 'DSN' | 'SIZE';

export interface SmtpSinkOptions {
  /** Passwords by user; given, the sink insists on AUTH, and with `tls` on TLS before it. */
  readonly users?: Readonly<Record<string, string>>;
  /** @defaultValue in clear, STARTTLS not offered */
  readonly tls?: { readonly key: string; readonly cert: string; readonly mode: 'starttls' | 'implicit' };
  /** Judge a RCPT; null accepts. `attempt` counts the tries of this address at this sink, from 1. */
  onRcpt?(address: string, attempt: number): SmtpReply | null | Promise<SmtpReply | null>;
  /** Judge a whole message; null accepts. `attempt` counts the tries of this Message-ID, from 1. */
  onMessage?(message: SinkMessage, attempt: number): SmtpReply | null | Promise<SmtpReply | null>;
  /**
   * Milliseconds between the dot and its answer.
   * @defaultValue 0
   */
  readonly delayMs?: number;
  /** Largest message, in bytes: announced as SIZE and enforced with 552. */
  readonly maxBytes?: number;
  /** Extensions that EHLO does not announce. */
  readonly hide?: readonly HideableExtension[];
  /** Connections beyond this number are answered 421. */
  readonly maxConnections?: number;
}

export interface SinkConnections {
  /** All there ever were. */
  readonly total: number;
  readonly open: number;
  /** The most that were open at one time. */
  readonly peak: number;
}

export interface SmtpSink extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly messages: readonly SinkMessage[];
  readonly connections: SinkConnections;
  /** Wait for a number of messages, or for the first that matches. */
  waitFor: Recording<SinkMessage>['waitFor'];
  /** Cut all connections and stop listening; waits that are under way reject. */
  close(): Promise<void>;
}

/** An idle client is kept for as long as any test lasts (milliseconds); the default of smtp-server is 60 s. */
const IDLE_MS = 600_000;

/** Connections that smtp-server cannot cut, a STARTTLS under way, are left to themselves after this (milliseconds). */
const CLOSE_GRACE_MS = 200;

/** Start a relay that keeps what it accepted, as strict as a real one: smtp-server on a free port of 127.0.0.1. */
export async function startSmtpSink(options: SmtpSinkOptions = {}): Promise<SmtpSink> {
  const recording = new Recording<SinkMessage>('message at the SMTP sink');
  const connections = { total: 0, open: 0, peak: 0 };
  const server: SMTPServer = new SMTPServer({
    ...protocolOptions(options),
    ...authentication(options.users),
    ...judge(options, recording, (session) => canAnswer(server, session)),
  });
  server.on('error', () => {
    // a client that was cut off: what a sink is for
  });
  server.server.on('connection', (socket) => {
    connections.total += 1;
    connections.open += 1;
    connections.peak = Math.max(connections.peak, connections.open);
    socket.once('close', () => {
      connections.open -= 1;
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= shut(server).then(() => recording.close());
    return closed;
  };
  return {
    host: '127.0.0.1',
    port: portOf(server.server),
    messages: recording.items,
    connections,
    waitFor: recording.waitFor.bind(recording),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function protocolOptions({ users, tls, maxBytes, maxConnections, hide = [] }: SmtpSinkOptions): SMTPServerOptions {
  const disabledCommands = [...(users ? [] : ['AUTH']), ...(tls?.mode === 'starttls' ? [] : ['STARTTLS'])];
  return {
    name: 'sink.test',
    logger: false,
    disableReverseLookup: true,
    disabledCommands,
    // the replies of onRcpt and onMessage bring their enhanced status code, smtp-server would add a second one
    hideENHANCEDSTATUSCODES: true,
    hidePIPELINING: hide.includes('PIPELINING'),
    hide8BITMIME: hide.includes('8BITMIME'),
    hideSMTPUTF8: hide.includes('SMTPUTF8'),
    hideDSN: hide.includes('DSN'),
    // without a limit smtp-server does not announce SIZE; this is what big relays take
    size: maxBytes ?? (hide.includes('SIZE') ? undefined : 50 * 1024 * 1024),
    hideSize: hide.includes('SIZE'),
    rejectOversized: true,
    ...(maxConnections === undefined ? {} : { maxClients: maxConnections }),
    ...(tls ? { key: tls.key, cert: tls.cert, secure: tls.mode === 'implicit' } : {}),
    maxAllowedUnauthenticatedCommands: false,
    socketTimeout: IDLE_MS,
    closeTimeout: CLOSE_GRACE_MS,
  };
}

function authentication(users: SmtpSinkOptions['users']): SMTPServerOptions {
  if (!users) return { authOptional: true };
  return {
    onAuth({ username = '', password }, _session, callback) {
      if (Object.hasOwn(users, username) && users[username] === password) callback(null, { user: username });
      else callback(refusal({ code: 535, text: '5.7.8 wrong user or password' }));
    },
  };
}

/** The handlers that decide on recipients and messages. */
function judge(
  { onRcpt, onMessage, delayMs = 0 }: SmtpSinkOptions,
  recording: Recording<SinkMessage>,
  isThere: (session: SMTPServerSession) => boolean,
): SMTPServerOptions {
  const rcptTries = new Map<string, number>();
  const messageTries = new Map<string, number>();

  async function takeRecipient(address: string): Promise<Error | null> {
    const refused = await onRcpt?.(address, count(rcptTries, address));
    return refused ? refusal(refused) : null;
  }

  async function takeMessage(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<Error | null> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    if (stream.sizeExceeded) return null; // smtp-server itself answers 552
    if (delayMs > 0) await sleep(delayMs);
    const message = describe(Buffer.concat(chunks), session);
    const refused = await onMessage?.(message, count(messageTries, message.messageId ?? ''));
    if (refused) return refusal(refused);
    if (isThere(session)) recording.add({ ...message, at: Date.now() });
    return null;
  }

  return {
    onRcptTo({ address }, _session, callback) {
      takeRecipient(address).then(callback, callback);
    },
    onData(stream, session, callback) {
      // a client that leaves inside DATA rejects here as well, and there is nobody left to answer
      takeMessage(stream, session).then(callback, callback);
    },
  };
}

function describe(raw: Buffer, session: SMTPServerSession): SinkMessage {
  const { mailFrom, rcptTo } = session.envelope;
  const headers = parseHeaderBlock(raw);
  return {
    at: Date.now(),
    sessionId: session.id,
    user: typeof session.user === 'string' ? session.user : undefined,
    secure: session.secure,
    from: mailFrom ? mailFrom.address : '',
    to: rcptTo.map(({ address }) => address),
    raw,
    headers,
    messageId: headers.get('message-id')?.[0],
    envelopeId: session.envelope.dsn?.envid ?? null,
  };
}

function count(tries: Map<string, number>, key: string): number {
  const attempt = (tries.get(key) ?? 0) + 1;
  tries.set(key, attempt);
  return attempt;
}

function refusal({ code, text }: SmtpReply): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

/** A 250 that nobody can hear any more is not a 250: the record is of what was answered. */
function canAnswer(server: SMTPServer, session: SMTPServerSession): boolean {
  for (const { id, _socket } of server.connections) if (id === session.id) return _socket.writable;
  return false;
}

async function shut(server: SMTPServer): Promise<void> {
  const shut = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  for (const connection of server.connections) {
    // tearing the socket away from below a TLS handshake brings Node down
    if (!connection._upgrading) connection._socket.destroy();
  }
  await shut;
}
