// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../../errors.ts';
import type { Reach } from '../../operations/principal.ts';
import { DEFAULT_TENANT } from '../tenant/default-tenant.ts';
import type { ParsedMessage } from './message.schema.ts';

/**
 * Within a batch each message may name its tenant; a tenant's key reaches its own only.
 *
 * @throws {MailProxyError} `not_found`
 */
export function tenantOf(input: Pick<ParsedMessage, 'tenant_id'>, reach: Reach): string {
  if (reach.tenantId === null) return input.tenant_id ?? DEFAULT_TENANT;
  if (input.tenant_id !== undefined && input.tenant_id !== reach.tenantId) {
    throw new MailProxyError('not_found', { detail: 'there is no such tenant' });
  }
  return reach.tenantId;
}
