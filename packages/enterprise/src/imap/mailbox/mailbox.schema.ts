// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { accountFields, fields } from '@mail-proxy/core';
import * as v from 'valibot';
import { AFTER_HANDLING, MAIL_STATES, PURPOSES } from './mailbox.table.ts';

const required = (max: number) => v.pipe(fields.line(max), v.minLength(1, 'expected at least 1 character'));

const tls = v.picklist(['implicit', 'starttls', 'none']);
const purposes = v.pipe(
  v.array(v.picklist(PURPOSES)),
  v.minLength(1, `expected at least one of ${PURPOSES.join(', ')}`),
  v.check((list) => new Set(list).size === list.length, 'expected each purpose once'),
);
/** Seconds. RFC 2177 wants IDLE renewed at least every 29 minutes, which this does not wait for. */
const pollInterval = fields.integer(1, 86_400);

/** All that can be set, as it is given: absent stays, null is the default. */
const settings = {
  /** For people. */
  name: v.nullish(fields.line(200)),
  port: v.nullish(fields.integer(1, 65_535)),
  /**
   * - `implicit`: TLS from the first byte (port 993).
   * - `starttls`: STARTTLS or nothing at all (port 143).
   * - `none`: never TLS; on this machine, or with `allow_cleartext`.
   */
  tls: v.nullish(tls),
  /** PEM certificates trusted instead of the system's. */
  tls_ca: v.nullish(accountFields.certificates),
  /** Let user and password go over a network without TLS. */
  allow_cleartext: v.nullish(v.boolean('expected true or false')),
  /** Either this or `oauth`. */
  password: v.nullish(fields.secret(required(1_000))),
  /** For XOAUTH2: `access_token`, or `token_url`, `client_id`, `client_secret` and usually `refresh_token`. */
  oauth: v.nullish(fields.secret(accountFields.oauth)),
  /** What is read. */
  folder: v.nullish(required(1_000)),
  /** What becomes of mail that was handled; mail that nobody wanted is left as it is. */
  after_handling: v.nullish(v.picklist(AFTER_HANDLING)),
  /** The folder for `move`; made where it is missing. */
  move_to: v.nullish(required(1_000)),
  /** How often to look where the server cannot say that mail came, and beside that where it can. */
  poll_interval_seconds: v.nullish(pollInterval),
  enabled: v.nullish(v.boolean('expected true or false')),
};
export type MailboxInput = v.InferOutput<ReturnType<typeof settingsObject>>;
const settingsObject = () =>
  v.object({
    ...settings,
    host: v.optional(accountFields.host),
    user: v.optional(required(1_000)),
    purposes: v.optional(purposes),
  });

export const createMailboxInput = v.strictObject({
  tenant_id: v.optional(fields.tenantId),
  /**
   * - `tenant`: for the mail of all its accounts.
   * - `account`: for that of `account_id`.
   * - `instance`: for that of all tenants; the operator's only.
   */
  scope: v.optional(v.picklist(['tenant', 'account', 'instance'])),
  account_id: v.optional(fields.clientId),
  host: accountFields.host,
  user: required(1_000),
  purposes,
  ...settings,
});

export const mailboxReference = v.strictObject({
  mailbox_id: fields.clientId,
  tenant_id: v.optional(fields.tenantId),
});

export const updateMailboxInput = v.strictObject({
  ...mailboxReference.entries,
  host: v.optional(accountFields.host),
  user: v.optional(required(1_000)),
  purposes: v.optional(purposes),
  ...settings,
});

export const listMailboxesInput = v.strictObject({ tenant_id: v.optional(fields.tenantId), ...fields.page });

export const mailboxOutput = v.object({
  pk: v.string(),
  scope: v.picklist(['tenant', 'account', 'instance']),
  tenant_id: v.nullable(v.string()),
  account_id: v.nullable(v.string()),
  name: v.string(),
  host: v.string(),
  port: v.number(),
  tls,
  tls_ca: v.nullable(v.string()),
  allow_cleartext: v.boolean(),
  user: v.string(),
  has_password: v.boolean(),
  has_oauth: v.boolean(),
  folder: v.string(),
  purposes: v.array(v.picklist(PURPOSES)),
  after_handling: v.picklist(AFTER_HANDLING),
  move_to: v.nullable(v.string()),
  poll_interval_seconds: v.number(),
  enabled: v.boolean(),
  version: v.number(),
  created_at: fields.timestamp,
  updated_at: fields.timestamp,
});
export const mailboxPage = fields.pageOf(mailboxOutput);

export const mailboxStatusOutput = v.object({
  mailbox_pk: v.string(),
  /**
   * - `disabled`: it is not looked into.
   * - `no_reader`: nothing installed here reads mail for its purposes.
   * - `new`: it was not looked into yet.
   * - `ok`, `failing`: how the last check went.
   * - `login_failed`: the server does not take the login; it is asked again at `next_check_at`.
   */
  condition: v.picklist(['disabled', 'no_reader', 'new', 'ok', 'failing', 'login_failed']),
  last_check_at: v.nullable(fields.timestamp),
  /** The last check that went through. */
  last_ok_at: v.nullable(fields.timestamp),
  /** Null where none is planned. */
  next_check_at: v.nullable(fields.timestamp),
  /** Checks in a row that failed. */
  failures: v.number(),
  error: v.nullable(
    v.object({
      /** Where: `connect`, `greeting`, `auth`, `mailbox`, `fetch`, `dispose`, `token`, `database`. */
      stage: v.string(),
      /** As of `imap.verify`, or an error's code. */
      code: v.string(),
      message: v.string(),
    }),
  ),
  position: v.object({ uidvalidity: v.nullable(v.number()), last_uid: v.number() }),
  counts: v.object({
    /** Since the mailbox was made. */
    handled: v.number(),
    ignored: v.number(),
    /** Met again, under another UID or UIDVALIDITY. */
    repeated: v.number(),
    /** Now. */
    retrying: v.number(),
    set_aside: v.number(),
  }),
});

export const checkOutput = v.object({
  /** When it is looked into: now, or once the server may be asked to log in again. */
  checks_at: fields.timestamp,
});

export const listMailsInput = v.strictObject({
  ...mailboxReference.entries,
  state: v.optional(v.picklist(MAIL_STATES), 'set_aside'),
  ...fields.page,
});

export const mailReference = v.strictObject({ ...mailboxReference.entries, mail_id: fields.clientId });

export const mailOutput = v.object({
  pk: v.string(),
  state: v.picklist(MAIL_STATES),
  uidvalidity: v.number(),
  uid: v.number(),
  message_id: v.nullable(v.string()),
  received_at: fields.timestamp,
  size_bytes: v.number(),
  attempts: v.number(),
  /** Null where it is not tried again. */
  next_at: v.nullable(fields.timestamp),
  error: v.nullable(v.string()),
  /** When it came to this state. */
  at: fields.timestamp,
});
export const mailPage = fields.pageOf(mailOutput);
