// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { GenroOptions } from './genro-options.ts';
import { given, maybe, number, someText, text } from './given-fields.ts';

const LABELS = ['immediate', 'high', 'medium', 'low'];

/** A label, or a number; the next one there is for what is beyond. */
export const priority = v.pipe(
  v.union(
    [
      number,
      v.pipe(
        v.string(),
        v.toLowerCase(),
        v.picklist(LABELS),
        v.transform((label) => LABELS.indexOf(label)),
      ),
    ],
    'expected 0 to 3, or immediate, high, medium or low',
  ),
  v.transform((level) => Math.min(3, Math.max(0, Math.trunc(level)))),
);

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
  headers: maybe(v.record(v.string(), v.union([v.null(), text]))),
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
  const { from_addr, from = from_addr, content_type, headers, attachments, deferred_ts, batch_code, ...same } = message;
  const soonest = (clock.now() + sendDelayMs) / 1_000;
  return given({
    ...same,
    tenant_id: tenant_id ?? undefined,
    from,
    body: message.body ?? '',
    content_type: isHtml(content_type) ? 'html' : undefined,
    headers: headers === undefined ? undefined : withoutNull(headers),
    attachments: attachments?.map(attachmentOf),
    deferred_ts: Math.max(soonest, deferred_ts ?? 0),
    batch_code: batch_code || undefined,
    return_path: message.return_path || undefined,
    message_id: message.message_id || undefined,
  });
}

function isHtml(contentType: string | undefined): boolean {
  return contentType?.toLowerCase().endsWith('html') === true;
}

function withoutNull(headers: Readonly<Record<string, string | null>>): object {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== null));
}

function attachmentOf({ auth: asked, ...attachment }: v.InferOutput<typeof attachmentInput>) {
  return given({ ...attachment, auth: asked === undefined ? undefined : authOf(asked) });
}

/** An empty one was for no credentials, in place of the tenant's. */
function authOf({ method = 'none', token, user, password }: v.InferOutput<typeof auth>): object {
  return { method, ...(method === 'bearer' ? { token } : method === 'basic' ? { user, password } : {}) };
}
