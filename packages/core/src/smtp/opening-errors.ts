// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SmtpReply, SmtpStage } from './reply.ts';
import { capText } from './reply-text.ts';
import { SmtpConnectError } from './session.types.ts';

/** The error for a reply that ended the opening of a session; its fault's kind is `refused`. */
export function refusedAt(stage: SmtpStage, reply: SmtpReply): SmtpConnectError {
  const status = reply.enhanced === null ? `${reply.code}` : `${reply.code} ${reply.enhanced}`;
  return new SmtpConnectError({ kind: 'refused', stage, text: capText(`${status} ${reply.text}`) }, reply);
}

/** The error for a relay that doesn't have what the settings demand. */
export function unsupported(stage: 'starttls' | 'auth', text: string): SmtpConnectError {
  return new SmtpConnectError({ kind: 'unsupported', stage, text });
}

/** The error for a relay that the tenant may not name. */
export function notAllowed(text: string): SmtpConnectError {
  return new SmtpConnectError({ kind: 'unsupported', stage: 'connect', text: capText(text) });
}

/** The error for an opening that nobody waits for any more. */
export function givenUp(text = 'given up'): SmtpConnectError {
  return new SmtpConnectError({ kind: 'aborted', stage: 'connect', text });
}
