// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields } from '@mail-proxy/core';
import * as v from 'valibot';

const required = (max: number) => v.pipe(fields.line(max), v.minLength(1, 'expected at least 1 character'));

/** A mailbox and the way to it. */
export const imapTarget = v.strictObject({
  host: required(255),
  port: v.optional(fields.integer(1, 65_535), 993),
  user: required(1_000),
  password: fields.secret(required(1_000)),
  /**
   * - `implicit`: TLS from the first byte (port 993).
   * - `starttls`: STARTTLS or nothing at all; no password is sent before it.
   * - `none`: never TLS.
   */
  tls: v.optional(v.picklist(['implicit', 'starttls', 'none']), 'implicit'),
  mailbox: v.optional(required(1_000), 'INBOX'),
  /** Milliseconds for everything, from the connection to the opened mailbox. */
  timeout_ms: v.optional(fields.integer(100, 120_000), 20_000),
});
export type ImapTarget = v.InferOutput<typeof imapTarget>;

/**
 * How far it went; where it failed, this is the stage that was not passed.
 * - `connect`: name, TCP, and TLS where it is implicit.
 * - `greeting`: the server's greeting, and STARTTLS where it is wanted.
 * - `auth`: its capabilities and logging in.
 * - `mailbox`: opening the mailbox, read-only.
 */
const stage = v.picklist(['connect', 'greeting', 'auth', 'mailbox', 'done']);
export type ImapStage = v.InferOutput<typeof stage>;

const fault = v.object({
  /**
   * - `dns`, `refused`, `closed`, `timeout`, `tls`: the way to the server.
   * - `protocol`: what it said is no IMAP.
   * - `unsupported`: it offers no way to log in that works here, or logs in whoever connects.
   * - `rejected`: it answered NO or BAD; `response_code` may say why.
   * - `no_mailbox`: there is no mailbox of this name.
   */
  code: v.picklist(['dns', 'refused', 'closed', 'timeout', 'tls', 'protocol', 'unsupported', 'rejected', 'no_mailbox']),
  /** For a person, in the words of the server where it gave some; the password is taken out. */
  message: v.string(),
  /** Of the server's answer, such as AUTHENTICATIONFAILED or UNAVAILABLE (RFC 5530). */
  response_code: v.optional(v.string()),
});
export type ImapFault = v.InferOutput<typeof fault>;

export const imapVerdict = v.object({
  ok: v.boolean(),
  stage,
  /** The opened mailbox; null where the server left the number out. */
  mailbox: v.optional(
    v.object({
      exists: v.nullable(v.number()),
      uidvalidity: v.nullable(v.number()),
      uidnext: v.nullable(v.number()),
    }),
  ),
  /** The latest that the server announced. */
  capabilities: v.optional(v.array(v.string())),
  error: v.optional(fault),
});
export type ImapVerdict = v.InferOutput<typeof imapVerdict>;
