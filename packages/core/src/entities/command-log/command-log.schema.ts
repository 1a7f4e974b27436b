// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { page, pageOf, rfc3339, tenantId, timestamp } from '../../operations/fields.ts';
import type { CommandLogTable } from './command-log.table.ts';

export const listCommandLogInput = v.strictObject({ tenant_id: v.optional(tenantId), ...page });

export const commandLogOutput = v.object({
  pk: v.string(),
  at: timestamp,
  operation: v.string(),
  tenant_id: v.nullable(v.string()),
  principal: v.string(),
  origin: v.string(),
  /** As it was given, with a word in place of secrets and content. */
  input: v.unknown(),
  /** `ok`, or the code of the error. */
  outcome: v.string(),
});

export const commandLogPage = pageOf(commandLogOutput);

export function commandLogView(row: CommandLogTable): v.InferOutput<typeof commandLogOutput> {
  const input: unknown = JSON.parse(row.input);
  return { ...row, at: rfc3339(row.at), input };
}
