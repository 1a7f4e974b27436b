// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Where in a session something happened, in the order of RFC 5321 §3. */
export const SMTP_STAGES = [
  'connect',
  'greeting',
  'ehlo',
  'starttls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'body',
  'dot',
  'rset',
  'quit',
] as const;
export type SmtpStage = (typeof SMTP_STAGES)[number];

/** One complete reply of a relay (RFC 5321 §4.2). */
export interface SmtpReply {
  /** 200 to 599. */
  readonly code: number;
  /** Enhanced status code, RFC 3463: `class.subject.detail`; absent where the relay gave none of the reply's class. */
  readonly enhanced: string | null;
  /** Its lines joined by a space, without codes, control characters replaced, at most 1,000 characters. */
  readonly text: string;
}

/** A failure that is not a reply: the network, TLS, a timeout, or bytes that are no SMTP. */
export interface SmtpFaultRecord {
  readonly kind:
    | 'dns'
    | 'refused'
    | 'reset'
    | 'closed'
    | 'timeout'
    | 'tls'
    | 'protocol'
    | 'unsupported'
    | 'token'
    | 'aborted';
  readonly stage: SmtpStage;
  /** For a person; no secret, at most 1,000 characters. */
  readonly text: string;
  /** Of kind `token`: milliseconds for which the token endpoint is to be left alone. */
  readonly retryAfterMs?: number;
  /** Of kind `aborted` where the message could not be read: what its source threw. */
  readonly cause?: unknown;
}
