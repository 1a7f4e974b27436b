// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { genroTls, isMailProxyError, MailProxyError } from '@mail-proxy/core';
import * as v from 'valibot';
import { allOf, type GenroCall, has, ofTenant, orNull, type Shown, takes } from './call.ts';
import type { GenroRoutes } from './genro-routes.types.ts';
import { flag, given, maybe, seconds, someText, text, whole } from './given-fields.ts';
import { type AccountMailbox, accountMailboxes, imapFields, putAccountMailbox } from './pec-mailboxes.ts';

/** No more than none was no limit. */
const limit = v.pipe(
  maybe(whole),
  v.transform((count) => (count === undefined || count <= 0 ? undefined : count)),
);

export const accountInput = v.object({
  id: someText,
  tenant_id: maybe(text),
  host: someText,
  port: whole,
  user: maybe(text),
  password: maybe(text),
  use_tls: maybe(flag),
  limit_per_minute: limit,
  limit_per_hour: limit,
  limit_per_day: limit,
  limit_behavior: maybe(v.picklist(['defer', 'reject'])),
  is_pec_account: maybe(flag),
  ...imapFields,
});
type AccountInput = v.InferOutput<typeof accountInput>;

export const accountRoutes: GenroRoutes = {
  'POST /account': async (call) => {
    await putAccount(call, await call.body(accountInput));
    return { ok: true };
  },
  'GET /accounts': async (call) => {
    const tenant_id = ofTenant(call, call.required('tenant_id'));
    return { ok: true, accounts: await listAccounts(call, tenant_id) };
  },
  'DELETE /account/:id': async (call) => {
    const tenant_id = ofTenant(call, call.required('tenant_id'));
    await call.run('accounts.delete', { tenant_id, account_id: call.c.req.param('id') ?? '', mode: 'cancel' });
    return { ok: true };
  },
};

/** Add an account or make it what is said, with the mailbox that it has for certified mail. @returns its tenant */
export async function putAccount(call: GenroCall, input: AccountInput): Promise<string> {
  const tenant_id = ofTenant(call, tenantOf(call, input));
  await put(call, tenant_id, input);
  if (isPec(call, input)) await putAccountMailbox(call, { tenant_id, account_id: input.id }, input);
  return tenant_id;
}

/** None where there is no such tenant. */
export async function listAccounts(call: GenroCall, tenant_id: string) {
  const [accounts, mailboxes] = await Promise.all([
    orNull(allOf<Shown>(call, 'accounts.list', { tenant_id })),
    accountMailboxes(call, tenant_id),
  ]);
  return (accounts ?? []).map((account) => accountView(account, mailboxes));
}

/** @throws {MailProxyError} `invalid_input` */
function tenantOf({ principal }: GenroCall, { tenant_id }: AccountInput): string {
  if (tenant_id !== undefined) return tenant_id;
  if (principal.kind === 'tenant') return principal.tenantId;
  throw new MailProxyError('invalid_input', { problems: [{ pointer: '/tenant_id', message: 'Field required' }] });
}

/** Add the account, or make it what is said. */
async function put(call: GenroCall, tenant_id: string, input: AccountInput): Promise<void> {
  const account_id = input.id;
  const change = () => call.run('accounts.update', { tenant_id, account_id, ...settingsOf(call, input) });
  if ((await orNull(call.run('accounts.get', { tenant_id, account_id }))) !== null) {
    await change();
    return;
  }
  try {
    await call.run('accounts.create', { tenant_id, id: account_id, ...settingsOf(call, input), ...loginOf(input) });
  } catch (error) {
    // Somebody else added it meanwhile.
    if (!isMailProxyError(error, 'duplicate_id')) throw error;
    await change();
  }
}

/** Login was with both or not at all. */
function loginOf({ user, password }: AccountInput): object {
  return user === undefined || password === undefined ? { user: undefined, password: undefined } : {};
}

function settingsOf(call: GenroCall, input: AccountInput): object {
  const { host, port, user, password, use_tls, is_pec_account } = input;
  return {
    ...given({ host, port, user: user || undefined, password: password || undefined }),
    tls: use_tls === undefined ? null : genroTls(use_tls, port),
    limit_per_minute: input.limit_per_minute ?? null,
    limit_per_hour: input.limit_per_hour ?? null,
    limit_per_day: input.limit_per_day ?? null,
    limit_behavior: input.limit_behavior ?? null,
    ...(is_pec_account !== undefined && takes(call, 'accounts.update', 'pec') ? { pec: is_pec_account } : {}),
  };
}

function isPec(call: GenroCall, { is_pec_account, imap_host }: AccountInput): boolean {
  return is_pec_account === true && imap_host !== undefined && has(call, 'mailboxes.create');
}

function accountView(account: Shown, mailboxes: ReadonlyMap<string, AccountMailbox>) {
  const { id, tls } = account;
  const mailbox = mailboxes.get(String(id));
  return {
    pk: account['pk'],
    id,
    tenant_id: account['tenant_id'],
    host: account['host'],
    port: account['port'],
    user: account['user'],
    // Where the relay may choose it was null.
    use_tls: tls === 'opportunistic' ? null : tls !== 'none',
    ttl: 300,
    batch_size: null,
    limit_per_minute: account['limit_per_minute'],
    limit_per_hour: account['limit_per_hour'],
    limit_per_day: account['limit_per_day'],
    limit_behavior: account['limit_behavior'],
    is_pec_account: account['pec'] === true,
    imap_host: mailbox?.host ?? null,
    imap_port: mailbox?.port ?? null,
    imap_user: mailbox?.user ?? null,
    imap_folder: mailbox?.folder ?? null,
    created_at: seconds(account['created_at']),
    updated_at: seconds(account['updated_at']),
  };
}
