// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type * as v from 'valibot';
import { allOf, type GenroCall, has } from './call.ts';
import { flag, given, maybe, text, whole } from './given-fields.ts';

/** What an account for certified mail says of the mailbox of its receipts. */
export const imapFields = {
  imap_host: maybe(text),
  imap_port: maybe(whole),
  imap_user: maybe(text),
  imap_password: maybe(text),
  imap_folder: maybe(text),
  imap_ssl: maybe(flag),
};

interface ImapInput extends v.InferOutput<v.ObjectSchema<typeof imapFields, undefined>> {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** A mailbox as it is listed, as far as it is read here. */
export interface AccountMailbox {
  readonly pk: string;
  readonly account_id: string | null;
  readonly purposes: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly folder: string;
}

interface AccountName {
  readonly tenant_id: string;
  readonly account_id: string;
}

/** Mailboxes for the receipts of a tenant's accounts, by the account's id. */
export async function accountMailboxes(
  call: GenroCall,
  tenant_id: string,
): Promise<ReadonlyMap<string, AccountMailbox>> {
  if (!has(call, 'mailboxes.list')) return new Map();
  const mailboxes = await allOf<AccountMailbox>(call, 'mailboxes.list', { tenant_id });
  return new Map(
    mailboxes.flatMap((each) =>
      each.account_id !== null && each.purposes.includes('pec') ? [[each.account_id, each] as const] : [],
    ),
  );
}

/** Add the mailbox of an account, or make it what is said. What is read there stays as it is. */
export async function putAccountMailbox(
  call: GenroCall,
  { tenant_id, account_id }: AccountName,
  input: ImapInput,
): Promise<void> {
  const known = (await accountMailboxes(call, tenant_id)).get(account_id);
  const settings = mailboxSettings(input);
  if (known !== undefined) {
    await call.run('mailboxes.update', { tenant_id, mailbox_id: known.pk, ...settings });
    return;
  }
  const user = input.imap_user ?? input.user;
  await call.run('mailboxes.create', {
    tenant_id,
    account_id,
    purposes: ['pec'],
    after_handling: 'leave',
    ...settings,
    user,
    password: input.imap_password ?? input.password,
  });
}

/** A port was for TLS from the first byte, unless it was said that there is none. */
export function mailboxSettings(input: v.InferOutput<v.ObjectSchema<typeof imapFields, undefined>>): object {
  const { imap_ssl: isTls } = input;
  return given({
    host: input.imap_host,
    port: input.imap_port,
    user: input.imap_user,
    password: input.imap_password,
    folder: input.imap_folder,
    ...(isTls === undefined ? {} : isTls ? { tls: 'implicit' } : { tls: 'none', allow_cleartext: true }),
  });
}
