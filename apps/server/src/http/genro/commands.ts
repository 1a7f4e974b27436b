// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { addMessages } from './add-messages.ts';
import { allOf, type GenroCall, ofTenant } from './call.ts';
import type { GenroRoutes } from './genro-routes.types.ts';
import { maybe, text, whole } from './given-fields.ts';

const idsInput = v.object({ ids: v.array(text) });
const cleanupInput = v.object({ older_than_seconds: maybe(whole) });

/** Of one of ours; no other text names a message. */
const CLIENT_ID = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,255}$/;
/** Ids in one call of ours. */
const IDS_AT_ONCE = 10_000;

interface Removed {
  readonly removed: number;
  readonly results: readonly { readonly id: string; readonly status: string }[];
}

export const commandRoutes: GenroRoutes = {
  'POST /commands/add-messages': addMessages,
  'POST /commands/run-now': async (call) => {
    const tenant_id = call.query('tenant_id');
    await call.run('instance.run-now', { tenant_id: tenant_id === undefined ? undefined : ofTenant(call, tenant_id) });
    return { ok: true };
  },
  'POST /commands/suspend': async (call) => {
    return suspend(call, ofTenant(call, call.required('tenant_id')), call.query('batch_code'));
  },
  'POST /commands/activate': async (call) => {
    return activate(call, ofTenant(call, call.required('tenant_id')), call.query('batch_code'));
  },
  'POST /commands/delete-messages': async (call) => {
    const tenant_id = ofTenant(call, call.required('tenant_id'));
    return deleteMessages(call, tenant_id, (await call.body(idsInput)).ids);
  },
  'POST /commands/cleanup-messages': async (call) => {
    const tenant_id = ofTenant(call, call.required('tenant_id'));
    const { older_than_seconds } = await call.body(cleanupInput);
    const { removed } = await call.run('messages.prune', { tenant_id, older_than_seconds });
    return { ok: true, removed };
  },
};

/** Stop a batch, or all of a tenant's mail. */
export async function suspend(call: GenroCall, tenant_id: string, batch_code: string | undefined): Promise<object> {
  if (batch_code === undefined) await call.run('tenants.suspend', { tenant_id });
  else await call.run('batches.suspend', { tenant_id, batch_code });
  return standing(call, tenant_id, batch_code);
}

/** Let a batch go on, or all of a tenant's mail. */
export async function activate(call: GenroCall, tenant_id: string, batch_code: string | undefined): Promise<object> {
  if (batch_code === undefined) await activateAll(call, tenant_id);
  else await call.run('batches.activate', { tenant_id, batch_code });
  return standing(call, tenant_id, batch_code);
}

export async function deleteMessages(call: GenroCall, tenant_id: string, ids: readonly string[]): Promise<object> {
  const known: string[] = [];
  const lost: string[] = [];
  for (const id of ids) (CLIENT_ID.test(id) && id.isWellFormed() ? known : lost).push(id);
  let removed = 0;
  for (let at = 0; at < known.length; at += IDS_AT_ONCE) {
    const done = await call.run<Removed>('messages.remove', { tenant_id, ids: known.slice(at, at + IDS_AT_ONCE) });
    removed += done.removed;
    lost.push(...done.results.flatMap(({ id, status }) => (status === 'removed' ? [] : [id])));
  }
  return { ok: true, removed, not_found: lost, unauthorized: [] };
}

/** All that was suspended of the tenant goes on. */
async function activateAll(call: GenroCall, tenant_id: string): Promise<void> {
  for (const batch_code of await suspendedBatches(call, tenant_id)) {
    await call.run('batches.activate', { tenant_id, batch_code });
  }
  await call.run('tenants.activate', { tenant_id });
}

export async function suspendedBatches(call: GenroCall, tenant_id: string): Promise<readonly string[]> {
  const batches = await allOf<{ batch_code: string }>(call, 'batches.list', { tenant_id });
  return batches.map(({ batch_code }) => batch_code);
}

/** A tenant that is suspended as a whole has no batches that are. */
async function standing(call: GenroCall, tenant_id: string, batch_code: string | undefined) {
  const { suspended } = await call.run('tenants.get', { tenant_id });
  const { count } = await call.run('messages.list', { tenant_id, batch_code, open: true, include: 'count', limit: 1 });
  return {
    ok: true,
    tenant_id,
    batch_code: batch_code ?? null,
    suspended_batches: suspended === true ? ['*'] : await suspendedBatches(call, tenant_id),
    pending_messages: count,
  };
}
