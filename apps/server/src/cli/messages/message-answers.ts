// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';

/** What is read of the answers about a message; whatever else is in them stays for those who ask for JSON. */

const text = v.nullable(v.string());
const count = v.nullable(v.number());

const recipient = v.looseObject({
  address: v.string(),
  kind: v.string(),
  state: v.string(),
  stage: text,
  code: count,
  enhanced: text,
  reply: text,
  verdict: text,
});

const waitingFor = v.looseObject({ kind: v.string(), scope: v.string(), until: text, position: count, detail: text });

export const messageAnswer = v.looseObject({
  pk: v.string(),
  id: v.string(),
  tenant_id: v.string(),
  account_id: v.string(),
  state: v.string(),
  result: text,
  priority: v.number(),
  batch_code: text,
  attempts: v.number(),
  message_id: v.string(),
  created_at: v.string(),
  next_attempt_at: text,
  final_at: text,
  from: text,
  subject: text,
  content_removed: v.boolean(),
  expires_at: text,
  recipients: v.array(recipient),
  attachments: v.array(v.looseObject({ filename: v.string(), size: count, detached_by: text })),
  history: v.array(v.looseObject({ attempt: v.number(), transcript: v.nullable(v.array(v.string())) })),
  waiting_for: v.array(waitingFor),
});
export type MessageAnswer = v.InferOutput<typeof messageAnswer>;
export type RecipientAnswer = MessageAnswer['recipients'][number];
export type WaitingAnswer = MessageAnswer['waiting_for'][number];

export const eventAnswer = v.looseObject({
  id: v.string(),
  seq: count,
  tenant_id: v.string(),
  pk: text,
  message_id: text,
  account_id: text,
  batch_code: text,
  type: v.string(),
  at: v.string(),
  attempt: v.number(),
  reason: text,
  recipients: v.array(
    v.looseObject({
      address: v.string(),
      state: v.string(),
      stage: text,
      code: count,
      enhanced: text,
      reply: text,
    }),
  ),
  next_attempt_at: text,
  possible_duplicate: v.boolean(),
  until: text,
  bounce_code: text,
  feedback: v.nullable(v.looseObject({ recipient: v.string() })),
});
export type EventAnswer = v.InferOutput<typeof eventAnswer>;

export const eventsAnswer = v.looseObject({ items: v.array(eventAnswer), next: v.optional(text) });

/** By which a message can be found again. */
export interface MessageReference {
  readonly id: string;
  readonly tenantId: string | undefined;
}

/** Where a message is. */
export function messagePath({ id }: MessageReference): string {
  return `/v1/messages/${encodeURIComponent(id)}`;
}
