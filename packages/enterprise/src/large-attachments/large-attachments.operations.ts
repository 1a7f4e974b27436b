// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineOperation, fields, MailProxyError, type Reach } from '@mail-proxy/core';
import { linkOutput, linkReference, listLinksInput, toLink } from './large-attachments.schema.ts';
import type { LargeLinksTable } from './large-attachments.table.ts';
import type { LinkStore } from './links/link.store.ts';
import { type RevokeParts, revokeLink } from './links/revoke-link.ts';

export interface LargeAttachmentServices {
  readonly largeAttachments: RevokeParts & { readonly links: LinkStore };
}

const NEVER = new AbortController().signal;

const listLinks = defineOperation({
  name: 'large-attachments.list',
  summary: 'List the links that were sent in place of large attachments, newest first',
  http: { method: 'GET', path: '/v1/large-attachments' },
  access: 'tenant',
  scope: 'messages:read',
  audit: false,
  input: listLinksInput,
  output: fields.pageOf(linkOutput),
  async run({ largeAttachments }: LargeAttachmentServices, { message_id, state, after, limit }, { reach }) {
    const { links, clock } = largeAttachments;
    const now = clock.now();
    const filter = { messageId: message_id ?? null, state: state ?? null };
    const rows = await links.list(reach.tenantId, filter, { after: after ?? null, limit, now });
    return {
      items: rows.map((link) => toLink(link, now)),
      next: rows.length === limit ? (rows.at(-1)?.pk ?? null) : null,
    };
  },
});

const getLink = defineOperation({
  name: 'large-attachments.get',
  summary: 'Show a link that was sent in place of a large attachment, and how often it was downloaded',
  http: { method: 'GET', path: '/v1/large-attachments/{link_id}' },
  access: 'tenant',
  scope: 'messages:read',
  audit: false,
  input: linkReference,
  output: linkOutput,
  async run({ largeAttachments }: LargeAttachmentServices, { link_id }, { reach }) {
    return toLink(await find(largeAttachments.links, reach, link_id), largeAttachments.clock.now());
  },
});

const revoke = defineOperation({
  name: 'large-attachments.revoke',
  summary: 'End a link now: its file can no longer be fetched by it',
  http: { method: 'POST', path: '/v1/large-attachments/{link_id}/revoke', mayWait: true },
  access: 'tenant',
  scope: 'messages:manage',
  audit: true,
  input: linkReference,
  output: linkOutput,
  async run({ largeAttachments }: LargeAttachmentServices, { link_id }, { reach, signal = NEVER }) {
    const { links, clock } = largeAttachments;
    await revokeLink(largeAttachments, await find(links, reach, link_id), signal);
    return toLink(await find(links, reach, link_id), clock.now());
  },
});

export const largeAttachmentOperations = [listLinks, getLink, revoke] as const;

/** @throws {MailProxyError} `not_found`, also for another tenant's */
async function find(links: Pick<LinkStore, 'get'>, { tenantId }: Reach, linkId: string): Promise<LargeLinksTable> {
  const link = await links.get(tenantId, linkId);
  if (link === null) throw new MailProxyError('not_found');
  return link;
}
