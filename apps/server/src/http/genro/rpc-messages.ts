// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '@mail-proxy/core';
import * as v from 'valibot';
import { addBatch, addOne } from './add-messages.ts';
import { type GenroCall, ofTenant, type Shown } from './call.ts';
import { deleteMessages } from './commands.ts';
import type { GenroRoutes } from './genro-routes.types.ts';
import { someText, text } from './given-fields.ts';
import { messageInput } from './message-input.ts';
import { messageRecord } from './message-record.ts';
import { contextOf, records } from './messages.ts';

/** Messages as version 0.7 has them: what is shown is a bare row, with its status. */
export const rpcMessageRoutes: GenroRoutes = {
  'POST /messages/add': async (call) => addOne(call, await call.body(messageInput)),
  'POST /messages/add_batch': addBatch,
  'GET /messages/get': async (call) => {
    const tenant_id = ofTenant(call, call.required('tenant_id'));
    const message_id = call.required('message_id');
    const [message, context] = await Promise.all([
      call.run('messages.get', { tenant_id, message_id }),
      contextOf(call, tenant_id),
    ]);
    if (context === null) throw new MailProxyError('not_found');
    return withStatus(messageRecord({ ...message, events: [] }, context));
  },
  'GET /messages/list': async (call) => {
    const tenant_id = ofTenant(call, call.required('tenant_id'));
    const context = await contextOf(call, tenant_id);
    const found: object[] = [];
    if (context === null) return found;
    for await (const record of records(call, tenant_id, context)) found.push(withStatus(record));
    return found;
  },
  'POST /messages/delete': async (call) => {
    const { message_pk } = await call.body(v.object({ message_pk: someText }));
    const { removed } = await call.run('messages.remove', { ids: [message_pk] });
    return removed === 1;
  },
  'POST /messages/delete_batch': async (call) => {
    const { tenant_id, ids } = await call.body(v.object({ tenant_id: someText, ids: v.array(text) }));
    return deleteMessages(call, ofTenant(call, tenant_id), ids);
  },
  'GET /messages/count_active': (call) => countOpen(call, {}),
  'GET /messages/count_pending_for_tenant': (call) =>
    countOpen(call, { tenant_id: ofTenant(call, call.required('tenant_id')), batch_code: call.query('batch_code') }),
  // It was one that changes something; a browser asks for such an address by itself.
  'GET /messages/cleanup': () => methodIsPost(),
  'POST /messages/cleanup': async (call) => {
    const input = v.object({ tenant_id: someText, older_than_seconds: v.nullish(v.pipe(v.number(), v.integer())) });
    const { tenant_id, older_than_seconds } = await call.body(input);
    const { removed } = await call.run('messages.prune', {
      tenant_id: ofTenant(call, tenant_id),
      older_than_seconds: older_than_seconds ?? undefined,
    });
    return { ok: true, removed };
  },
};

async function countOpen(call: GenroCall, filter: object): Promise<unknown> {
  const { count } = await call.run('messages.list', { ...filter, open: true, include: 'count', limit: 1 });
  return count;
}

async function methodIsPost(): Promise<never> {
  throw new MailProxyError('method_not_allowed', { detail: 'expected POST' });
}

function withStatus(record: Shown): Shown {
  const { error, sent_ts, deferred_ts } = record;
  const status = error !== null ? 'error' : sent_ts !== null ? 'sent' : deferred_ts !== null ? 'deferred' : 'pending';
  return { ...record, smtp_ts: record['sent_ts'] ?? record['error_ts'], status };
}
