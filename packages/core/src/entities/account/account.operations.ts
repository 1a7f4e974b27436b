// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { Clock } from '../../clock.ts';
import type { MakePk } from '../../identity.ts';
import { defineOperation } from '../../operations/operation.ts';
import { invalidInput } from '../../operations/validate.ts';
import type { RelayVerification } from '../../smtp/verify-relay.ts';
import { CLEAR_MODES, type ClearMail } from '../message/clear-mail.ts';
import { DEFAULT_TENANT } from '../tenant/default-tenant.ts';
import type { Account } from './account.model.ts';
import {
  accountOutput,
  accountPage,
  accountReference,
  accountView,
  createAccountInput,
  listAccountsInput,
  pauseAccountInput,
  updateAccountInput,
  verificationOutput,
  verificationView,
} from './account.schema.ts';
import { changedSettings, newSettings } from './account.settings.ts';
import type { AccountStore } from './account.store.ts';
import type { AccountPause, EndedPause, PauseByHand, PausedAccount } from './account-pause.store.ts';

/** What the operations on accounts use. */
export interface AccountServices {
  readonly accounts: AccountStore;
  readonly clock: Clock;
  readonly makePk: MakePk;
  /** Leave no mail of an account. */
  readonly clearMail: ClearMail;
  /** Pause an account for a person, at once and for all instances. */
  readonly pauseAccount: (account: PausedAccount, how: Omit<PauseByHand, 'now'>) => Promise<AccountPause>;
  /** End the pause of an account, if it has one of that kind, and let its mail go. */
  readonly resumeAccount: (account: PausedAccount, ended: EndedPause) => Promise<void>;
  /** Try out the account's relay without sending mail. */
  readonly verifyAccount: (pk: string) => Promise<RelayVerification>;
}

const createAccount = defineOperation({
  name: 'accounts.create',
  summary: 'Add an SMTP relay, or a sandbox that captures mail instead of sending it',
  http: { method: 'POST', path: '/v1/accounts', status: 201 },
  access: 'tenant',
  scope: 'accounts:write',
  audit: true,
  enterpriseFields: ['pec'],
  input: createAccountInput,
  output: accountOutput,
  run: async (
    { accounts, clock, makePk }: AccountServices,
    { tenant_id: _, id, type, ...input },
    { principal, reach, also },
  ) => {
    const key = { pk: makePk(), id, tenantId: reach.tenantId ?? DEFAULT_TENANT };
    return accountView(
      await accounts.create(key, newSettings(type, input, principal.kind === 'tenant'), clock.now(), also),
    );
  },
});

const listAccounts = defineOperation({
  name: 'accounts.list',
  summary: 'List the SMTP relays, the oldest first',
  http: { method: 'GET', path: '/v1/accounts' },
  access: 'tenant',
  scope: 'accounts:read',
  forTestKeys: true,
  audit: false,
  input: listAccountsInput,
  output: accountPage,
  run: async ({ accounts }: AccountServices, input, { reach }) => {
    const { items, next } = await accounts.list(reach, input);
    return { items: items.map(accountView), next };
  },
});

const getAccount = defineOperation({
  name: 'accounts.get',
  summary: 'Show an SMTP relay; its secrets are never shown',
  http: { method: 'GET', path: '/v1/accounts/{account_id}' },
  access: 'tenant',
  scope: 'accounts:read',
  forTestKeys: true,
  audit: false,
  input: accountReference,
  output: accountOutput,
  run: async ({ accounts }: AccountServices, input, { reach }) =>
    accountView(await accounts.get(reach, input.account_id)),
});

const updateAccount = defineOperation({
  name: 'accounts.update',
  summary:
    'Change an SMTP relay and end its pause after failures; a field that is absent stays, null clears it or sets its default',
  http: { method: 'PATCH', path: '/v1/accounts/{account_id}' },
  access: 'tenant',
  scope: 'accounts:write',
  audit: true,
  enterpriseFields: ['pec'],
  input: updateAccountInput,
  output: accountOutput,
  run: async (
    { accounts, clock, resumeAccount }: AccountServices,
    { tenant_id: _, account_id, ...input },
    { principal, reach, also },
  ) => {
    const byTenant = principal.kind === 'tenant';
    const account = await accounts.update(reach, account_id, (current) => changedSettings(current, input, byTenant), {
      now: clock.now(),
      also,
    });
    return accountView(await resumed(account, resumeAccount, 'failures'));
  },
});

const deleteAccount = defineOperation({
  name: 'accounts.delete',
  summary: 'Delete an SMTP relay that no message refers to, or with its mail',
  http: { method: 'DELETE', path: '/v1/accounts/{account_id}', status: 204 },
  access: 'tenant',
  scope: 'accounts:write',
  audit: true,
  input: v.strictObject({
    ...accountReference.entries,
    /** Cancel what waits and remove what is done; `discard` removes what the tenant was not told of, too. */
    mode: v.optional(v.picklist(CLEAR_MODES)),
  }),
  output: v.null(),
  run: async ({ accounts, clearMail }: AccountServices, { account_id, mode }, { reach }) => {
    if (mode !== undefined) {
      const { pk: accountPk, tenant_id: tenantId } = await accounts.get(reach, account_id);
      await clearMail({ tenantId, accountPk }, mode);
    }
    await accounts.delete(reach, account_id);
    return null;
  },
});

const pauseAccount = defineOperation({
  name: 'accounts.pause',
  summary: 'Pause an SMTP relay: its mail waits until it is resumed, or until a time',
  http: { method: 'POST', path: '/v1/accounts/{account_id}/pause' },
  access: 'tenant',
  scope: 'accounts:write',
  audit: true,
  input: pauseAccountInput,
  output: accountOutput,
  run: async (
    { accounts, clock, pauseAccount: pause }: AccountServices,
    { account_id, until, reason = '' },
    { reach },
  ) => {
    const untilMs = until === undefined ? null : Date.parse(until);
    if (untilMs !== null && untilMs <= clock.now()) {
      throw invalidInput([{ pointer: '/until', message: 'expected a time in the future' }]);
    }
    const account = await accounts.get(reach, account_id);
    const { pk, tenant_id: tenantId, id } = account;
    return accountView({ ...account, pause: await pause({ pk, tenantId, id }, { until: untilMs, reason }) });
  },
});

const resumeAccount = defineOperation({
  name: 'accounts.resume',
  summary: 'End the pause of an SMTP relay, whoever began it; its mail goes on at once',
  http: { method: 'POST', path: '/v1/accounts/{account_id}/resume' },
  access: 'tenant',
  scope: 'accounts:write',
  audit: true,
  input: accountReference,
  output: accountOutput,
  run: async (services: AccountServices, input, { reach }) => {
    const account = await services.accounts.get(reach, input.account_id);
    return accountView(await resumed(account, services.resumeAccount, 'any'));
  },
});

const verifyAccount = defineOperation({
  name: 'accounts.verify',
  summary: 'Connect and log in to an SMTP relay without sending mail; where that works, end its pause after failures',
  http: { method: 'POST', path: '/v1/accounts/{account_id}/verify' },
  access: 'tenant',
  scope: 'accounts:write',
  audit: true,
  input: accountReference,
  output: verificationOutput,
  run: async (services: AccountServices, input, { reach }) => {
    const account = await services.accounts.get(reach, input.account_id);
    const found = await services.verifyAccount(account.pk);
    if (found.ok) await resumed(account, services.resumeAccount, 'failures');
    return verificationView(found);
  },
});

/** The account as it is once its pause has ended. */
async function resumed(
  account: Account,
  resume: AccountServices['resumeAccount'],
  ended: EndedPause,
): Promise<Account> {
  const { pk, tenant_id: tenantId, id, pause } = account;
  await resume({ pk, tenantId, id }, ended);
  return { ...account, pause: ended === 'failures' && pause?.isByHand === true ? pause : null };
}

/** Commands on SMTP relays. */
export const accountOperations = [
  createAccount,
  listAccounts,
  getAccount,
  updateAccount,
  deleteAccount,
  pauseAccount,
  resumeAccount,
  verifyAccount,
] as const;
