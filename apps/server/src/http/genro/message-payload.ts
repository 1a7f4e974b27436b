// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Shown } from './call.ts';

/** What a message says, as the list tells it. */
interface Content {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly reply_to: readonly string[];
  readonly return_path: string;
  readonly subject: string;
  readonly text: string | null;
  readonly html: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly attachments: readonly Shown[];
}

/** A message as it was posted; where it says nothing any more, what is left. */
export function payloadOf(message: Shown): object {
  const { id, tenant_id, account_id, priority, batch_code, message_id } = message;
  const known = { id, tenant_id, account_id, priority, batch_code, message_id };
  // As the operation's own schema has it.
  const content = message['content'] as Content | null | undefined;
  if (content === null || content === undefined) return known;
  const { text, html, attachments, ...same } = content;
  return {
    ...known,
    ...same,
    ...bodyOf(html ?? text ?? ''),
    content_type: html === null ? 'plain' : 'html',
    // Where they are fetched from may be a key.
    attachments: attachments.map(({ filename, mime_type, fetch_mode, size }) => ({
      filename,
      mime_type,
      fetch_mode,
      size,
    })),
  };
}

/** Characters of a body. A client that asks again and again has no use for more. */
const MAX_BODY = 1_048_576;

function bodyOf(body: string): object {
  return body.length <= MAX_BODY ? { body } : { body: body.slice(0, MAX_BODY), body_truncated: true };
}
