// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { dateTime, line, page, pageOf, rfc3339, tenantId, timestamp } from '../../operations/fields.ts';
import type { CommandLogFilter } from './command-log.filter.ts';
import type { CommandLogTable } from './command-log.table.ts';

const filters = {
  tenant_id: v.optional(tenantId),
  /** Its name, as `accounts.update`, or `authentication`. */
  operation: v.optional(line(100)),
  /** `ok`, or the code of an error. */
  outcome: v.optional(line(100)),
  /** As it stands in the log: `admin`, or `key` and its id. */
  principal: v.optional(line(100)),
  since: v.optional(dateTime),
  /** Up to this time, without it. */
  until: v.optional(dateTime),
};

export const listCommandLogInput = v.strictObject({ ...filters, ...page });
export const exportCommandLogInput = v.strictObject(filters);
export const purgeCommandLogInput = v.strictObject({ tenant_id: v.optional(tenantId), before: dateTime });
export const purgedOutput = v.object({ deleted: v.number() });

export const commandLogOutput = v.object({
  pk: v.string(),
  at: timestamp,
  operation: v.string(),
  tenant_id: v.nullable(v.string()),
  principal: v.string(),
  origin: v.string(),
  /** As in the answer and in the server's log; null where there was no request. */
  request_id: v.nullable(v.string()),
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

type Filters = v.InferOutput<typeof exportCommandLogInput>;

export function filterOf({ operation, outcome, principal, since, until }: Filters): CommandLogFilter {
  return {
    operation: operation ?? null,
    outcome: outcome ?? null,
    principal: principal ?? null,
    since: since === undefined ? 0 : Date.parse(since),
    until: until === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(until),
  };
}
