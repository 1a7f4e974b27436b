// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import {
  clientId,
  dateTime,
  line,
  page,
  pageOf,
  queryInteger,
  rfc3339,
  tenantId,
  timestamp,
} from '../../operations/fields.ts';
import type { CapturedMail } from './captured-mail.store.ts';
import type { ReadMail } from './read-captured.ts';

const ofTenant = { tenant_id: v.optional(tenantId) };

export const capturedReference = v.strictObject({ mail_id: clientId, ...ofTenant });
export const capturedAttachmentReference = v.strictObject({
  mail_id: clientId,
  /** Its place among the attachments of the mail, from 0. */
  position: queryInteger(0, 10_000),
  ...ofTenant,
});

export const listCapturedInput = v.strictObject({
  ...ofTenant,
  /** Exact address. */
  recipient: v.optional(line(320)),
  /** Of the message that was submitted: its id, or its primary key. */
  message_id: v.optional(clientId),
  account_id: v.optional(clientId),
  /** Captured at this time or later. */
  since: v.optional(dateTime),
  ...page,
});

export const clearCapturedInput = v.strictObject({ ...ofTenant, account_id: v.optional(clientId) });
export const clearedOutput = v.object({ removed: v.number() });

const mail = {
  pk: v.string(),
  tenant_id: v.string(),
  account_id: v.string(),
  /** The message that was submitted; retention may have removed it. */
  message_pk: v.string(),
  message_id: v.string(),
  /** Which of its attempts this was. */
  attempt: v.number(),
  captured_at: timestamp,
  /** The sender in the envelope; empty for none. */
  mail_from: v.string(),
  /** Those in the envelope for whom it was taken. */
  recipients: v.array(v.string()),
  size_bytes: v.number(),
  /** Null without the scope messages:content, and where there is none. */
  subject: v.nullable(v.string()),
  from: v.nullable(v.string()),
};

export const capturedItem = v.object(mail);
export const capturedPage = pageOf(capturedItem);

export const capturedOutput = v.object({
  ...mail,
  /** What it says; null without the scope messages:content. */
  content: v.nullable(
    v.object({
      headers: v.array(v.object({ name: v.string(), value: v.string() })),
      text: v.nullable(v.string()),
      html: v.nullable(v.string()),
      /** Text or HTML was longer than is shown here. */
      is_cut: v.boolean(),
      attachments: v.array(
        v.object({
          position: v.number(),
          filename: v.nullable(v.string()),
          mime_type: v.string(),
          disposition: v.nullable(v.string()),
          content_id: v.nullable(v.string()),
          size_bytes: v.number(),
        }),
      ),
    }),
  ),
});

export function capturedView(
  { captured_at, recipients, subject, from, ...row }: CapturedMail,
  { hasContent }: { readonly hasContent: boolean },
): v.InferOutput<typeof capturedItem> {
  return {
    ...row,
    captured_at: rfc3339(captured_at),
    recipients: [...recipients],
    subject: hasContent ? subject : null,
    from: hasContent ? from : null,
  };
}

export function contentView({
  headers,
  text,
  html,
  isCut,
  attachments,
}: ReadMail): v.InferOutput<typeof capturedOutput>['content'] {
  return {
    headers: headers.map((header) => ({ ...header })),
    text,
    html,
    is_cut: isCut,
    attachments: attachments.map(({ filename, mimeType, disposition, contentId, bytes }, position) => ({
      position,
      filename,
      mime_type: mimeType,
      disposition,
      content_id: contentId,
      size_bytes: bytes.byteLength,
    })),
  };
}
