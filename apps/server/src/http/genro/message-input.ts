// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields } from '@mail-proxy/core';
import * as v from 'valibot';
import type { GenroOptions } from './genro-options.ts';
import { given, maybe, number, someText, text } from './given-fields.ts';
import { priority } from './priority.ts';

const addresses = v.pipe(
  v.union([text, v.array(text)], 'expected an address or a list of addresses'),
  // What is empty names nobody.
  v.transform((list) => [list].flat().filter((address) => address.trim() !== '')),
);

const auth = v.object({ method: maybe(text), token: maybe(text), user: maybe(text), password: maybe(text) });

const attachmentInput = v.object({
  filename: someText,
  storage_path: maybe(text),
  mime_type: maybe(text),
  fetch_mode: maybe(text),
  content_md5: maybe(text),
  auth: maybe(auth),
});

const messageFields = v.object({
  id: someText,
  tenant_id: maybe(text),
  account_id: someText,
  from: maybe(someText),
  from_addr: maybe(someText),
  to: v.pipe(
    addresses,
    v.check((list) => list.length > 0, 'expected at least one address'),
  ),
  cc: maybe(addresses),
  bcc: maybe(addresses),
  reply_to: maybe(addresses),
  return_path: maybe(text),
  subject: someText,
  body: maybe(text),
  content_type: maybe(text),
  headers: maybe(fields.objectOf(v.union([v.null(), text]))),
  message_id: maybe(text),
  attachments: maybe(v.array(attachmentInput)),
  priority: maybe(priority),
  deferred_ts: maybe(number),
  batch_code: maybe(text),
});

/** A message as old clients post it. */
export const messageInput = v.pipe(
  messageFields,
  v.forward(
    v.check(({ from, from_addr }) => (from ?? from_addr) !== undefined, 'Field required'),
    ['from'],
  ),
);
export type GivenMessage = v.InferOutput<typeof messageInput>;

/** The message as the engine takes it; one that is due now waits for a moment, in which it may be suspended. */
export function submissionOf(
  message: GivenMessage,
  tenant_id: string | null,
  { clock, sendDelayMs }: Pick<GenroOptions, 'clock' | 'sendDelayMs'>,
): object {
  const { from_addr, from = from_addr, content_type, attachments, deferred_ts, batch_code, ...same } = message;
  const { headers, reply_to, message_id } = headersOf(message);
  const soonest = (clock.now() + sendDelayMs) / 1_000;
  return given({
    ...same,
    tenant_id: tenant_id ?? undefined,
    from,
    body: message.body ?? '',
    content_type: isHtml(content_type) ? 'html' : undefined,
    headers,
    to: asListed(message.to),
    cc: asListed(message.cc),
    bcc: asListed(message.bcc),
    reply_to: asListed(message.reply_to ?? reply_to),
    attachments: attachments?.map(attachmentOf),
    deferred_ts: Math.max(soonest, deferred_ts ?? 0),
    batch_code: batch_code || undefined,
    return_path: message.return_path || undefined,
    message_id: bracketed(message.message_id || message_id),
  });
}

function isHtml(contentType: string | undefined): boolean {
  return contentType?.toLowerCase().endsWith('html') === true;
}

/** Headers that are written from something else, or by nobody but us: they were replaced, and are left out. */
const WRITTEN = /^(reply-to|message-id|date|mime-version|content-.*|x-genro-mail-id)$/i;

/** The headers that may be set, and what the others say where a field does not. */
function headersOf({ headers = {} }: GivenMessage) {
  const entries = Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
  const saidBy = (wanted: string) => entries.find(([name]) => name.toLowerCase() === wanted)?.[1];
  const replyTo = saidBy('reply-to');
  const own = entries.filter(([name]) => !WRITTEN.test(name));
  return {
    headers: own.length === 0 ? undefined : Object.fromEntries(own),
    reply_to: replyTo === undefined ? undefined : [replyTo],
    message_id: saidBy('message-id'),
  };
}

/** One text may hold several addresses, which were joined anyway. */
function asListed(list: readonly string[] | undefined): string | readonly string[] | undefined {
  return list?.some((address) => address.includes(',')) === true ? list.join(', ') : list;
}

function bracketed(messageId: string | undefined): string | undefined {
  return messageId === undefined || messageId.startsWith('<') ? messageId : `<${messageId}>`;
}

function attachmentOf({ auth: asked, ...attachment }: v.InferOutput<typeof attachmentInput>) {
  return given({ ...attachment, auth: asked === undefined ? undefined : authOf(asked) });
}

/** An empty one was for no credentials, in place of the tenant's. */
function authOf({ method = 'none', token, user, password }: v.InferOutput<typeof auth>): object {
  return { method, ...(method === 'bearer' ? { token } : method === 'basic' ? { user, password } : {}) };
}
