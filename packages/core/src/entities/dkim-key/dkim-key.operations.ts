// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { Clock } from '../../clock.ts';
import { isMailProxyError, MailProxyError } from '../../errors.ts';
import type { MakePk } from '../../identity.ts';
import { defineOperation } from '../../operations/operation.ts';
import { reachOf } from '../../operations/principal.ts';
import { invalidInput } from '../../operations/validate.ts';
import { type DkimKeyMaterial, generateDkimKey, readDkimKey } from '../../smtp/compose/dkim-key.ts';
import type { AccountStore } from '../account/account.store.ts';
import { DEFAULT_TENANT } from '../tenant/default-tenant.ts';
import {
  createDkimKeyInput,
  dkimKeyOutput,
  dkimKeyPage,
  dkimKeyReference,
  dkimKeyView,
  listDkimKeysInput,
} from './dkim-key.schema.ts';
import type { DkimKeyStore, NewDkimKey } from './dkim-key.store.ts';

/** What the operations on DKIM keys use. */
export interface DkimKeyServices {
  readonly dkimKeys: DkimKeyStore;
  readonly accounts: Pick<AccountStore, 'get'>;
  readonly clock: Clock;
  readonly makePk: MakePk;
}

const createDkimKey = defineOperation({
  name: 'dkim-keys.create',
  summary: 'Sign the mail of a domain with a key that is given or made; the answer says what to publish in DNS',
  http: { method: 'POST', path: '/v1/dkim-keys', status: 201 },
  access: 'tenant',
  scope: 'dkim-keys:write',
  audit: true,
  input: createDkimKeyInput,
  output: dkimKeyOutput,
  run: async ({ dkimKeys, accounts, clock, makePk }: DkimKeyServices, input, { reach }) => {
    const { domain, selector } = input;
    const tenantId = reach.tenantId ?? DEFAULT_TENANT;
    const account = input.account_id === undefined ? null : await accountOf(accounts, tenantId, input.account_id);
    const material = await materialFrom(input);
    const key = { pk: makePk(), tenantId, account, domain, selector, material };
    return dkimKeyView(await dkimKeys.create(key, clock.now()));
  },
});

const listDkimKeys = defineOperation({
  name: 'dkim-keys.list',
  summary: 'List the DKIM keys, the oldest first',
  http: { method: 'GET', path: '/v1/dkim-keys' },
  access: 'tenant',
  scope: 'dkim-keys:read',
  audit: false,
  input: listDkimKeysInput,
  output: dkimKeyPage,
  run: async ({ dkimKeys }: DkimKeyServices, input, { reach }) => {
    const { items, next } = await dkimKeys.list(reach, input);
    return { items: items.map(dkimKeyView), next };
  },
});

const getDkimKey = defineOperation({
  name: 'dkim-keys.get',
  summary: 'Show a DKIM key and its DNS record; the private key is never shown',
  http: { method: 'GET', path: '/v1/dkim-keys/{dkim_key_id}' },
  access: 'tenant',
  scope: 'dkim-keys:read',
  audit: false,
  input: dkimKeyReference,
  output: dkimKeyOutput,
  run: async ({ dkimKeys }: DkimKeyServices, input, { reach }) =>
    dkimKeyView(await dkimKeys.get(reach, input.dkim_key_id)),
});

const deleteDkimKey = defineOperation({
  name: 'dkim-keys.delete',
  summary: 'Delete a DKIM key; mail is no longer signed with it',
  http: { method: 'DELETE', path: '/v1/dkim-keys/{dkim_key_id}', status: 204 },
  access: 'tenant',
  scope: 'dkim-keys:write',
  audit: true,
  input: dkimKeyReference,
  output: v.null(),
  run: async ({ dkimKeys }: DkimKeyServices, input, { reach }) => {
    await dkimKeys.delete(reach, input.dkim_key_id);
    return null;
  },
});

/** Commands on the keys that sign mail. */
export const dkimKeyOperations = [createDkimKey, listDkimKeys, getDkimKey, deleteDkimKey] as const;

async function accountOf(
  accounts: DkimKeyServices['accounts'],
  tenantId: string,
  accountId: string,
): Promise<NewDkimKey['account']> {
  try {
    const { pk, id } = await accounts.get(reachOf(tenantId), accountId);
    return { pk, id };
  } catch (error) {
    if (!isMailProxyError(error, 'not_found')) throw error;
    throw new MailProxyError('unknown_account', {
      detail: `the tenant has no account ${accountId}`,
      problems: [{ pointer: '/account_id', message: 'expected the id of an account of the tenant' }],
      cause: error,
    });
  }
}

async function materialFrom({
  private_key,
  generate,
}: Pick<v.InferOutput<typeof createDkimKeyInput>, 'private_key' | 'generate'>): Promise<DkimKeyMaterial> {
  if (private_key === undefined) {
    if (generate !== undefined) return generateDkimKey(generate);
    throw invalidInput([{ pointer: '/private_key', message: 'expected private_key or generate' }]);
  }
  if (generate !== undefined) {
    throw invalidInput([{ pointer: '/generate', message: 'expected either private_key or generate' }]);
  }
  const read = readDkimKey(private_key);
  if (read.ok) return read.key;
  throw invalidInput([{ pointer: '/private_key', message: read.reason }]);
}
