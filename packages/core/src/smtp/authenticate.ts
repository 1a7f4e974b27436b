// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SmtpCapabilities } from './capabilities.ts';
import type { SmtpConnection } from './connection.ts';
import type { SmtpReply } from './reply.ts';
import { capText } from './reply-text.ts';
import { SmtpConnectError, type SmtpRelay } from './session.types.ts';

type Credentials = NonNullable<SmtpRelay['auth']>;

/**
 * Prove who we are with AUTH PLAIN (RFC 4616), or LOGIN where PLAIN is not offered.
 *
 * @throws SmtpConnectError whose texts hold neither the password nor what was sent for it.
 */
export async function authenticate(
  connection: SmtpConnection,
  { user, password }: Credentials,
  capabilities: SmtpCapabilities,
  timeoutMs: number,
): Promise<void> {
  const userBase64 = base64(user);
  const passwordBase64 = base64(password);
  const plainBase64 = base64(`\0${user}\0${password}`);
  const secrets = [plainBase64, passwordBase64, password];
  const ask = async (line: string): Promise<SmtpReply> => {
    const reply = await connection.ask('auth', `${line}\r\n`, timeoutMs);
    return { ...reply, text: capText(redact(connection.replyLines.join(' '), secrets)) };
  };

  // NUL separates the parts of PLAIN's message and can't be in any (RFC 4616 §2).
  const canPlain = capabilities.authMechanisms.has('PLAIN') && !`${user}${password}`.includes('\0');
  let reply: SmtpReply;
  if (canPlain) {
    reply = await ask(`AUTH PLAIN ${plainBase64}`);
    // Some relays overlook the initial response and ask for it.
    if (isContinue(reply)) reply = await ask(plainBase64);
  } else if (capabilities.authMechanisms.has('LOGIN')) {
    reply = await ask('AUTH LOGIN');
    if (isContinue(reply)) reply = await ask(userBase64);
    if (isContinue(reply)) reply = await ask(passwordBase64);
  } else {
    throw new SmtpConnectError({
      kind: 'unsupported',
      stage: 'auth',
      text: 'the relay offers neither PLAIN nor LOGIN',
    });
  }
  if (reply.code >= 300) throw refusedAt('auth', reply);
}

/** The error for a reply that ended the opening of a session; its fault's kind is `refused`. */
export function refusedAt(stage: 'greeting' | 'ehlo' | 'starttls' | 'auth', reply: SmtpReply): SmtpConnectError {
  const status = reply.enhanced === null ? `${reply.code}` : `${reply.code} ${reply.enhanced}`;
  return new SmtpConnectError({ kind: 'refused', stage, text: capText(`${status} ${reply.text}`) }, reply);
}

function isContinue(reply: SmtpReply): boolean {
  return reply.code === 334;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** Blot out every secret, in whatever case the relay repeats it. */
function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .reduce((rest, secret) => rest.replace(new RegExp(escapeRegExp(secret), 'giu'), '[redacted]'), text);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
