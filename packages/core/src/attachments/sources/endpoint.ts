// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AttachmentBody } from '../attachment-body.ts';
import { AttachmentFailure } from '../attachment-failure.ts';
import { type NamedEndpoint, parseNamedEndpoint } from '../named-endpoint.ts';
import { askServer } from './ask-server.ts';
import type { AttachmentTenant, ServerContext } from './source-context.ts';

/** Where a tenant that names no path of its own is asked; the path of genro-mail-proxy. */
export const DEFAULT_ATTACHMENT_PATH = '/mail-proxy/attachments';

/**
 * Open what an endpoint answers to `{"storage_path": ...}`: the tenant's, or the one that the storage path names.
 *
 * @throws {AttachmentFailure} `misconfigured` when the tenant has none; as {@link askServer}
 */
export async function openEndpoint(storagePath: string, context: ServerContext): Promise<AttachmentBody> {
  const { url, params } = parseNamedEndpoint(storagePath) ?? tenantsEndpoint(storagePath, context.tenant);
  return await askServer(
    {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ storage_path: params }),
    },
    context,
  );
}

function tenantsEndpoint(params: string, { clientBaseUrl, clientAttachmentPath }: AttachmentTenant): NamedEndpoint {
  if (clientBaseUrl === null) {
    throw new AttachmentFailure('misconfigured', 'the tenant has no client_base_url to ask for it');
  }
  return { url: clientBaseUrl.replace(/\/+$/, '') + (clientAttachmentPath ?? DEFAULT_ATTACHMENT_PATH), params };
}
