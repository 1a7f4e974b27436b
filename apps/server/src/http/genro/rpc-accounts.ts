// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '@mail-proxy/core';
import * as v from 'valibot';
import { accountInput, listAccounts, putAccount } from './accounts.ts';
import { allOf, type GenroCall, ofTenant, orNull, type Shown } from './call.ts';
import type { GenroRoutes } from './genro-routes.types.ts';
import { someText } from './given-fields.ts';

/** Accounts as version 0.7 has them: what is shown is a bare row, without passwords. */
export const rpcAccountRoutes: GenroRoutes = {
  'POST /accounts/add': async (call) => {
    const input = await call.body(accountInput);
    return row(call, await putAccount(call, input), input.id);
  },
  'POST /accounts/add_pec': async (call) => {
    const input = await call.body(v.object({ ...accountInput.entries, imap_host: someText }));
    return row(call, await putAccount(call, { ...input, is_pec_account: true }), input.id);
  },
  'GET /accounts/get': (call) => row(call, ofTenant(call, call.required('tenant_id')), call.required('account_id')),
  'GET /accounts/list': (call) => listAccounts(call, ofTenant(call, call.required('tenant_id'))),
  'POST /accounts/delete': async (call) => {
    const { tenant_id, account_id } = await call.body(v.object({ tenant_id: someText, account_id: someText }));
    // One that is not there is gone.
    await orNull(call.run('accounts.delete', { tenant_id: ofTenant(call, tenant_id), account_id, mode: 'cancel' }));
    return null;
  },
  'GET /accounts/list_pec': pecAccounts,
  'GET /accounts/get_pec_ids': async (call) => (await pecAccounts(call)).map(({ id }) => id),
};

async function row(call: GenroCall, tenant_id: string, account_id: string): Promise<object> {
  const found = (await listAccounts(call, tenant_id)).find(({ id }) => id === account_id);
  if (found === undefined) throw new MailProxyError('not_found', { detail: `Account '${account_id}' not found` });
  return found;
}

/** Of all tenants that the caller reaches. */
async function pecAccounts(call: GenroCall) {
  const { principal } = call;
  const tenants =
    principal.kind === 'tenant' ? [{ id: principal.tenantId }] : await allOf<Shown>(call, 'tenants.list', {});
  const accounts = await Promise.all(tenants.map(({ id }) => listAccounts(call, String(id))));
  return accounts.flat().filter(({ is_pec_account }) => is_pec_account);
}
