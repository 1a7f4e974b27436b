// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Reach } from '../../operations/principal.ts';
import { DEFAULT_TENANT } from '../tenant/default-tenant.ts';
import type { AttachmentRules } from './attachment-rules.ts';
import type { ParsedMessage } from './message.schema.ts';
import type { SubmissionServices } from './message-services.ts';

/** The rules for a message, by its tenant. */
export type RulesOf = (message: ParsedMessage) => AttachmentRules;

/** Read the rules of all tenants whose messages have attachments; each once a request. */
export async function attachmentRules(
  { attachmentRules: read }: Pick<SubmissionServices, 'attachmentRules'>,
  messages: readonly ParsedMessage[],
  reach: Reach,
): Promise<RulesOf> {
  const named = messages.filter(({ attachments }) => attachments.length > 0).map((message) => nameOf(message, reach));
  if (named.length === 0) return () => NO_ATTACHMENTS;
  const rules = new Map(await Promise.all([...new Set(named)].map(async (id) => [id, await read(id)] as const)));
  return (message) => rules.get(nameOf(message, reach)) ?? NO_ATTACHMENTS;
}

/** One that names another tenant than it may is refused later, by itself. */
function nameOf({ tenant_id }: ParsedMessage, reach: Reach): string {
  return reach.tenantId ?? tenant_id ?? DEFAULT_TENANT;
}

/** For messages that have none. */
const NO_ATTACHMENTS: AttachmentRules = {
  maxBytes: 0,
  maxMessageBytes: 0,
  isStorage: () => false,
  check: () => null,
};
