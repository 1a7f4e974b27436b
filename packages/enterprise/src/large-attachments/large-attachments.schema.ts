// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields } from '@mail-proxy/core';
import * as v from 'valibot';
import type { LargeLinksTable } from './large-attachments.table.ts';
import { LINK_STATES, linkStateOf } from './links/link-state.ts';

export const linkReference = v.strictObject({
  link_id: fields.clientId,
  tenant_id: v.optional(fields.tenantId),
});

export const listLinksInput = v.strictObject({
  tenant_id: v.optional(fields.tenantId),
  /** Your id of the message. */
  message_id: v.optional(fields.clientId),
  state: v.optional(v.picklist(LINK_STATES)),
  ...fields.page,
});

export const linkOutput = v.object({
  id: v.string(),
  tenant_id: v.string(),
  message_id: v.string(),
  /** Our id of the message, also of one that is gone. */
  pk: v.string(),
  filename: v.string(),
  mime_type: v.string(),
  size_bytes: v.number(),
  /** `own` leads here; `presigned` straight to the storage, where no downloads are counted. */
  kind: v.picklist(['own', 'presigned']),
  state: v.picklist(LINK_STATES),
  created_at: fields.timestamp,
  /** Until when the file can be fetched by it; of one that is revoked this is past, unless its storage goes on giving it out. */
  expires_at: fields.timestamp,
  revoked_at: v.nullable(fields.timestamp),
  /** Those that were taken to their end. */
  downloads: v.number(),
  first_downloaded_at: v.nullable(fields.timestamp),
  last_downloaded_at: v.nullable(fields.timestamp),
});

export function toLink(link: LargeLinksTable, now: number): v.InferOutput<typeof linkOutput> {
  return {
    ...{ id: link.pk, tenant_id: link.tenant_id, message_id: link.message_id, pk: link.message_pk },
    ...{ filename: link.filename, mime_type: link.mime_type, size_bytes: link.size_bytes },
    ...{ kind: link.url_kind, state: linkStateOf(link, now), created_at: fields.rfc3339(link.created_at) },
    ...{ expires_at: fields.rfc3339(link.expires_at), revoked_at: fields.rfc3339OrNull(link.revoked_at) },
    downloads: link.downloads,
    first_downloaded_at: fields.rfc3339OrNull(link.first_downloaded_at),
    last_downloaded_at: fields.rfc3339OrNull(link.last_downloaded_at),
  };
}
