// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { answerList } from './answer-list.ts';
import { allOf, type GenroCall, ofTenant, orNull, type Shown } from './call.ts';
import type { GenroRoutes } from './genro-routes.types.ts';
import { messageRecord, type RecordContext } from './message-record.ts';

/** What a tenant's id may be; nobody has another. */
const TENANT_ID = /^[a-zA-Z0-9_-]{1,64}$/;
/** Messages read at a time, with what they say. */
const PAGE = 100;

export const messageRoutes: GenroRoutes = {
  'GET /messages': async (call) => {
    const tenant_id = ofTenant(call, call.required('tenant_id'));
    const context = TENANT_ID.test(tenant_id) ? await contextOf(call, tenant_id) : null;
    if (context === null) return { ok: true, messages: [] };
    return answerList(call.c, 'messages', records(call, tenant_id, context));
  },
};

/** Null where there is no such tenant. */
export async function contextOf(call: GenroCall, tenant_id: string): Promise<RecordContext | null> {
  const tenant = await orNull(call.run('tenants.get', { tenant_id }));
  if (tenant === null) return null;
  const accounts = await allOf<Shown>(call, 'accounts.list', { tenant_id });
  const { name, suspended } = tenant;
  return {
    tenantName: typeof name === 'string' ? name : null,
    isSuspended: suspended === true,
    pausedAccounts: new Map(
      accounts.flatMap(({ id, paused_until: until }) => (until === null ? [] : [[String(id), until]])),
    ),
    pecAccounts: new Set(accounts.flatMap(({ id, pec }) => (pec === true ? [String(id)] : []))),
    sendDelayMs: call.options.sendDelayMs,
    hasHistory: isYes(call.query('include_history')),
  };
}

export async function* records(call: GenroCall, tenant_id: string, context: RecordContext): AsyncGenerator<Shown> {
  const open = isYes(call.query('active_only')) ? true : undefined;
  const include = ['content', 'rate_limit', ...(context.hasHistory ? ['events'] : [])];
  for (let after: string | undefined; ; ) {
    const page = await call.run<{ items: readonly Shown[]; next: string | null }>('messages.list', {
      ...{ tenant_id, open, include, limit: PAGE, after },
    });
    for (const message of page.items) yield messageRecord(message, context);
    if (page.next === null) return;
    after = page.next;
  }
}

function isYes(given: string | undefined): boolean {
  return given !== undefined && ['true', '1', 'yes', 'on'].includes(given.toLowerCase());
}
