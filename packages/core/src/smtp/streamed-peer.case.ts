// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { systemClock } from '../clock.ts';
import type { ByteSource } from './byte-source.ts';
import { joinParts, type MessageBody } from './message-body.ts';
import {
  aTransaction,
  GENEROUS_TIMEOUTS,
  openTestSession,
  type PeerConnection,
  relayAt,
  startPeer,
} from './scripted-peer.case.ts';
import type { RecipientReply, SmtpSession, SmtpTimeouts } from './session.types.ts';
import type { OpenSessionOptions } from './session-opening.ts';

/** Whether the relay is given MAIL, RCPT and DATA at once. */
export const BOTH_WAYS = [
  ['pipelined', ['PIPELINING']],
  ['lock-step', ['SIZE']],
] as const;

/** A message with one file, as composed ones are: lines in front of it and behind. */
export function messageWith(file: ByteSource) {
  return joinParts(['Subject: x\r\n\r\n--mark\r\n\r\n', file, '\r\n--mark--\r\n']);
}

/** Play a relay that takes everything up to DATA, and asks for the message. */
export async function sayUpTo354(connection: PeerConnection, extensions: readonly string[]): Promise<void> {
  connection.say('220 hi');
  await connection.line();
  connection.say('250-relay', ...extensions.slice(1).map((name) => `250-${name}`), `250 ${extensions[0]}`);
  while ((await connection.line()) !== 'DATA') connection.say('250 ok');
  connection.say('354 go');
}

export interface UpToDataOptions {
  readonly extensions?: readonly string[];
  readonly timeouts?: Partial<SmtpTimeouts>;
  readonly clock?: OpenSessionOptions['clock'];
  /** Called as soon as the transaction has begun. */
  readonly onSending?: (session: SmtpSession) => void;
}

/** Send a message to a relay that says yes up to its 354; then `afterwards` takes over. */
export async function sendUpToData(
  body: MessageBody,
  afterwards: (connection: PeerConnection) => Promise<void> | void,
  { extensions = ['PIPELINING'], timeouts = {}, clock = systemClock, onSending }: UpToDataOptions = {},
): Promise<{ readonly reply: RecipientReply; readonly usable: boolean; readonly transcript: readonly string[] }> {
  await using peer = await startPeer(async (connection) => {
    await sayUpTo354(connection, extensions);
    await afterwards(connection);
  });
  using session = await openTestSession(relayAt(peer.port, { timeouts: { ...GENEROUS_TIMEOUTS, ...timeouts } }), {
    clock,
  });
  const sending = session.send(aTransaction({ body }));
  onSending?.(session);
  const [reply] = await sending;
  return { reply: reply!, usable: session.usable, transcript: session.transcript };
}
