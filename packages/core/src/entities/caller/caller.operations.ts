// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { refusalOf } from '../../operations/key-limits.ts';
import { defineOperation } from '../../operations/operation.ts';
import type { Principal } from '../../operations/principal.ts';
import { SCOPES } from '../../operations/scopes.ts';

const callerOutput = v.object({
  kind: v.picklist(['admin', 'tenant']),
  /** As it stands in the command log. */
  name: v.string(),
  /** Null for the operator. */
  tenant_id: v.nullable(v.string()),
  /** A test key reaches no relay. */
  mode: v.picklist(['live', 'test']),
  /** The scopes that are open, one by one; the operator's token has all of them, and opens what no key does. */
  scopes: v.array(v.picklist(SCOPES)),
});

export const getCaller = defineOperation({
  name: 'caller.get',
  summary: 'Show whose token this is, and what it opens',
  http: { method: 'GET', path: '/v1/caller' },
  access: 'token',
  audit: false,
  input: v.strictObject({}),
  output: callerOutput,
  run: async (_services: object, _input, { principal }) => callerView(principal),
});

function callerView(principal: Principal): v.InferOutput<typeof callerOutput> {
  const { name } = principal;
  if (principal.kind !== 'tenant') {
    return { kind: 'admin', name, tenant_id: null, mode: 'live', scopes: [...SCOPES] };
  }
  const { tenantId, limits } = principal;
  const scopes = SCOPES.filter((scope) => refusalOf(limits, scope) === null);
  return { kind: 'tenant', name, tenant_id: tenantId, mode: limits.mode, scopes };
}

export const callerOperations = [getCaller] as const;
