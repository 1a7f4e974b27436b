// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { Base64Bytes } from '../../attachments/base64-bytes.ts';
import { FETCH_MODES } from '../../attachments/fetch-mode.ts';
import { type HeldFile, isHeldFile } from '../../attachments/uploaded-file.ts';
import {
  clientId,
  content,
  dateTime,
  integer,
  line,
  objectOf,
  queryBoolean,
  secret,
  tenantId,
} from '../../operations/fields.ts';
import { CALENDAR_METHODS } from '../../smtp/compose/content.ts';
import { eventType } from '../message-event/message-event.schema.ts';
import { clientAuth } from '../tenant/client-auth.ts';
import { ON_IN_DOUBT } from './message.table.ts';
import { MESSAGE_RESULTS, MESSAGE_STATES } from './message-state.ts';
import { ON_CONFLICT } from './on-conflict.ts';
import { WAITING_KINDS, WAITING_SCOPES } from './waiting-for.ts';

/** Names of the priorities, as the original took them too. */
export const PRIORITY_NAMES = ['immediate', 'high', 'medium', 'low'] as const;

/** 64 MiB; the server's limit of a body is what clients meet first. */
const MAX_TEXT = 67_108_864;

const addresses = v.union(
  [
    v.pipe(v.string(), v.minLength(1, 'expected an address')),
    v.array(v.pipe(v.string(), v.minLength(1, 'expected an address'))),
  ],
  'expected an address or a list of addresses',
);

const body = content(v.pipe(v.string(), v.maxLength(MAX_TEXT, 'expected at most 64 MiB')));

export const priority = v.union(
  [
    integer(0, 3),
    v.pipe(
      v.picklist(PRIORITY_NAMES),
      v.transform((name) => PRIORITY_NAMES.indexOf(name)),
    ),
  ],
  'expected 0 to 3, or immediate, high, medium or low',
);

/** The same where it may come as text, from a query string or a command line. */
export const queryPriority = v.union(
  [priority, v.pipe(v.picklist(['0', '1', '2', '3']), v.transform(Number))],
  'expected 0 to 3, or immediate, high, medium or low',
);

const deferredTs = v.pipe(v.number(), v.minValue(0, 'expected seconds since 1970'), v.maxValue(1e11));

/** A number in a query string. */
const decimal = v.pipe(
  v.string(),
  v.regex(/^\d{1,12}(\.\d{1,6})?$/, 'expected seconds since 1970'),
  v.transform(Number),
);

/** Hex digits of a hash; letters of both cases. */
function hexDigits(count: number) {
  return v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-fA-F]{${count}}$`), `expected ${count} hex digits`));
}

export const attachmentInput = v.strictObject({
  /** A marker `{MD5:<32 hex digits>}` in it stands for `content_md5` and is removed. */
  filename: v.pipe(v.string(), v.minLength(1, 'expected a file name')),
  /**
   * Where its bytes are: `base64:` and the bytes, a URL, a path, `storage:path`, or what the tenant's own endpoint is
   * asked for.
   */
  storage_path: v.optional(
    v.union(
      [
        v.pipe(
          v.string(),
          v.minLength(1, 'expected where the bytes are'),
          v.maxLength(MAX_TEXT, 'expected at most 64 MiB'),
        ),
        v.custom<Base64Bytes>((value) => value instanceof Base64Bytes),
      ],
      'expected string',
    ),
  ),
  /** Told by `storage_path` where it is absent. */
  fetch_mode: v.optional(v.picklist(FETCH_MODES)),
  mime_type: v.optional(v.string()),
  /** What its bytes must be, or the message fails. */
  content_md5: v.optional(hexDigits(32)),
  content_sha256: v.optional(hexDigits(64)),
  content_id: v.optional(v.string()),
  disposition: v.optional(v.picklist(['attachment', 'inline'])),
  /** Credentials for its URL or endpoint; by default those of the tenant, where it is the tenant's own server. */
  auth: v.optional(secret(clientAuth)),
  /** The bytes themselves, for those who have them in memory or in a file; JSON holds none. */
  content: v.optional(
    v.custom<Uint8Array | HeldFile>(
      (value) => value instanceof Uint8Array || isHeldFile(value),
      'expected the bytes, which JSON cannot hold: use storage_path',
    ),
  ),
});

/** What a message is made of; `tenant_id` stands beside it. */
const messageFields = {
  /** The client's id, unique in the tenant: posting it again is refused, so that a retry never sends twice. */
  id: v.optional(clientId),
  /** What is done where the tenant has used the id; refused by default. */
  on_conflict: v.optional(v.picklist(ON_CONFLICT)),
  account_id: v.optional(clientId),
  from: v.string('expected an address'),
  to: v.optional(addresses, []),
  cc: v.optional(addresses, []),
  bcc: v.optional(addresses, []),
  reply_to: v.optional(addresses, []),
  subject: content(v.string('expected text')),
  text: v.optional(body),
  html: v.optional(body),
  body: v.optional(body),
  content_type: v.optional(v.picklist(['plain', 'html'])),
  /** An invitation, beside text and html. */
  calendar: v.optional(v.strictObject({ method: v.picklist(CALENDAR_METHODS), content: body })),
  headers: v.optional(content(objectOf(v.string())), {}),
  /** Written as List-Unsubscribe (RFC 2369) and List-Unsubscribe-Post (RFC 8058, `one_click`). */
  list_unsubscribe: v.optional(
    content(
      v.strictObject({
        url: v.optional(v.string()),
        mailto: v.optional(v.string()),
        one_click: v.optional(v.boolean()),
      }),
    ),
  ),
  attachments: v.optional(content(v.array(attachmentInput)), []),
  priority: v.optional(priority),
  /** Epoch seconds before which it is not sent. */
  deferred_ts: v.optional(deferredTs),
  send_at: v.optional(dateTime),
  expires_at: v.optional(dateTime),
  batch_code: v.optional(v.pipe(line(64), v.minLength(1, 'expected 1 to 64 characters'))),
  /** Envelope sender; the address of `from` by default, empty for none. */
  return_path: v.optional(v.string()),
  message_id: v.optional(v.string()),
  /** What is done when nobody knows whether the relay took it; the tenant's way by default. */
  on_in_doubt: v.optional(v.picklist(ON_IN_DOUBT)),
  /** Send it to who is on the suppression list, too; takes a key with suppressions:write. */
  ignore_suppressions: v.optional(v.boolean()),
};

export const messageInput = v.strictObject({ tenant_id: v.optional(tenantId), ...messageFields });
export type MessageInput = v.InferInput<typeof messageInput>;
export type ParsedMessage = v.InferOutput<typeof messageInput>;

/** A complete message (RFC 5322), which is sent as it is; beside it, what its header does not say. */
export const rawMessageInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  /** The message; JSON holds no bytes. */
  raw: v.custom<Uint8Array | HeldFile>(
    (value) => value instanceof Uint8Array || isHeldFile(value),
    'expected the bytes of a message, which JSON cannot hold',
  ),
  id: messageFields.id,
  on_conflict: messageFields.on_conflict,
  account_id: messageFields.account_id,
  /** Envelope recipients; those of To, Cc and Bcc by default. */
  to: v.optional(addresses),
  priority: v.optional(queryPriority),
  deferred_ts: v.optional(v.union([deferredTs, v.pipe(decimal, deferredTs)])),
  send_at: messageFields.send_at,
  expires_at: messageFields.expires_at,
  batch_code: messageFields.batch_code,
  return_path: messageFields.return_path,
  on_in_doubt: messageFields.on_in_doubt,
  ignore_suppressions: v.optional(queryBoolean),
});
export type RawMessageInput = v.InferInput<typeof rawMessageInput>;
export type ParsedRawMessage = v.InferOutput<typeof rawMessageInput>;

export const batchInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  /** Used by messages that name none. */
  default_priority: v.optional(priority),
  /** For messages that say nothing of it. */
  on_conflict: messageFields.on_conflict,
  messages: v.array(messageInput),
});

export const acceptedOutput = v.object({
  pk: v.string(),
  id: v.string(),
  tenant_id: v.string(),
  account_id: v.string(),
  state: v.picklist(MESSAGE_STATES),
  created_at: v.string(),
  /** The id was taken, and by `on_conflict` this was done about it. */
  conflict: v.optional(v.picklist(['ignored', 'replaced'])),
});

export const batchOutput = v.object({
  accepted: v.number(),
  rejected: v.number(),
  results: v.array(
    v.object({
      index: v.number(),
      id: v.nullable(v.string()),
      pk: v.optional(v.string()),
      status: v.picklist(['accepted', 'rejected']),
      /** The id was taken, and by `on_conflict` this was done about it. */
      conflict: v.optional(v.picklist(['ignored', 'replaced'])),
      /** Of the message that has the id, or had it; `result` once it is final. */
      state: v.optional(v.picklist(MESSAGE_STATES)),
      result: v.optional(v.picklist(MESSAGE_RESULTS)),
      code: v.optional(v.string()),
      reason: v.optional(v.string()),
      /** Whole seconds after which it may be accepted, where a limit refused it. */
      retry_after: v.optional(v.number()),
      /** The fields that are to blame, by JSON pointers into the request. */
      problems: v.optional(v.array(v.object({ pointer: v.string(), message: v.string() }))),
    }),
  ),
});
export type BatchResult = v.InferOutput<typeof batchOutput>;

export const recipientOutput = v.object({
  address: v.string(),
  kind: v.picklist(['to', 'cc', 'bcc']),
  state: v.picklist(['pending', 'in_doubt', 'sent', 'failed', 'expired', 'cancelled']),
  /** Those that counted since somebody retried the message by hand, or since it was accepted. */
  attempts: v.number(),
  stage: v.nullable(v.string()),
  code: v.nullable(v.number()),
  enhanced: v.nullable(v.string()),
  reply: v.nullable(v.string()),
  /** What its last answer was taken for: of the recipient, the message, the account, the path or a policy. */
  verdict: v.nullable(v.string()),
});

/** A file of a message. Where it is fetched from is not shown: a URL may be a key. */
export const attachmentOutput = v.object({
  filename: v.string(),
  mime_type: v.string(),
  disposition: v.picklist(['attachment', 'inline']),
  fetch_mode: v.picklist(FETCH_MODES),
  /** Whether its bytes are here, and will be the same in all attempts. */
  fetched: v.boolean(),
  /** Null while they are not. */
  size: v.nullable(v.number()),
  /** The mixin that took it out of the message before it was sent; null where it is part of it. */
  detached_by: v.nullable(v.string()),
});

/** One attempt, or what else counted as one. */
export const attemptOutput = v.object({
  attempt: v.number(),
  at: v.string(),
  type: eventType,
  /** From the first step to the outcome; null where nobody saw its end. */
  duration_ms: v.nullable(v.number()),
  /** Of the first recipient that was not served, else of the first. */
  stage: v.nullable(v.string()),
  code: v.nullable(v.number()),
  enhanced: v.nullable(v.string()),
  reply: v.nullable(v.string()),
  /** What was said between us and the relay, without secrets and bodies; of the last attempt, with messages:content. */
  transcript: v.nullable(v.array(v.string())),
});

/** One thing that the message waits for. */
export const waitingForOutput = v.object({
  kind: v.picklist(WAITING_KINDS),
  scope: v.picklist(WAITING_SCOPES),
  until: v.nullable(v.string()),
  position: v.nullable(v.number()),
  detail: v.nullable(v.string()),
});

const summaryFields = {
  pk: v.string(),
  id: v.string(),
  tenant_id: v.string(),
  account_id: v.string(),
  state: v.picklist(MESSAGE_STATES),
  result: v.nullable(v.picklist(MESSAGE_RESULTS)),
  priority: v.number(),
  batch_code: v.nullable(v.string()),
  /** All that counted. */
  attempts: v.number(),
  message_id: v.string(),
  last_error: v.nullable(v.string()),
  created_at: v.string(),
  updated_at: v.string(),
  next_attempt_at: v.nullable(v.string()),
  final_at: v.nullable(v.string()),
  /** Epoch seconds, as the original told them; null unless sent or partially sent. */
  sent_ts: v.nullable(v.number()),
  /** Whether it came back from a recipient after the relay took it: the hard bounce if there is one, else the last. */
  bounce_type: v.nullable(v.picklist(['hard', 'soft'])),
  bounce_code: v.nullable(v.string()),
  bounce_reason: v.nullable(v.string()),
  /** Epoch seconds. */
  bounce_ts: v.nullable(v.number()),
};

export const messageSummary = v.object(summaryFields);
export const messageOutput = v.object({
  ...summaryFields,
  /** Null once what it said was removed by its age; then its attachments are gone, too. */
  from: v.nullable(v.string()),
  /** Null then, and for a key without the scope messages:content. */
  subject: v.nullable(v.string()),
  content_removed: v.boolean(),
  /** When it is given up if it was not sent by then. */
  expires_at: v.nullable(v.string()),
  /** What is done once nobody knows whether the relay took it. */
  on_in_doubt: v.picklist(ON_IN_DOUBT),
  recipients: v.array(recipientOutput),
  attachments: v.array(attachmentOutput),
  /** Its attempts, oldest first. */
  history: v.array(attemptOutput),
  /** What has to happen before it goes on; empty exactly where it is final. */
  waiting_for: v.array(waitingForOutput),
});
