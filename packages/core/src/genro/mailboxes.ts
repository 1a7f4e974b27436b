// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ImportParts } from './import-parts.ts';
import { UNREADABLE_PASSWORD } from './old-secrets.ts';
import { asObject, dropAbsent, type Json } from './source-values.ts';
import { storeLeniently } from './store-leniently.ts';

/** A mailbox of the source: an account's for receipts, or the instance's for bounces. */
export interface OldMailbox {
  /** Null is the instance. */
  readonly owner: { readonly tenantId: string; readonly accountId: string } | null;
  /** For the report. */
  readonly name: string;
  readonly purpose: 'pec' | 'bounces';
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string | null;
  /** As it is stored. */
  readonly password: string | null;
  readonly folder: string | null;
  readonly isSsl: boolean;
  readonly pollSeconds: number | null;
  readonly isEnabled: boolean;
}

const PLAIN_PORT = 143;
const [MIN_POLL_SECONDS, MAX_POLL_SECONDS] = [1, 86_400];
const PAGE = 1_000;

export async function takeMailbox(parts: ImportParts, mailbox: OldMailbox): Promise<void> {
  const { findings, run, mixins, secrets } = parts;
  const { owner, name, purpose, host, user, folder, pollSeconds, isEnabled } = mailbox;
  if (host === null || user === null || mailbox.password === null) {
    findings.notTaken('mailboxes', name, 'it has no host, user or password');
    return;
  }
  if (!mixins.includes('imap') || !mixins.includes(purpose === 'pec' ? 'pec' : 'bounce')) {
    findings.notTaken('mailboxes', name, 'reading mailboxes needs the enterprise edition');
    return;
  }
  if (await isThere(run, mailbox)) {
    findings.alreadyHere('mailboxes');
    return;
  }
  const password = secrets.open(mailbox.password);
  if (password.kind === 'unreadable') {
    findings.changed('mailboxes', name, 'with a password that has to be set anew: what is stored cannot be opened');
  }
  const tls = tlsOf(mailbox);
  if (tls === 'none') findings.changed('mailboxes', name, 'without TLS, as it was: its password goes in clear');
  const poll =
    pollSeconds === null ? null : Math.min(MAX_POLL_SECONDS, Math.max(MIN_POLL_SECONDS, Math.round(pollSeconds)));
  if (poll !== null && poll !== pollSeconds) findings.changed('mailboxes', name, `looked into every ${poll} s`);
  const input = {
    ...(owner === null ? { scope: 'instance' } : { tenant_id: owner.tenantId, account_id: owner.accountId }),
    host,
    port: mailbox.port,
    user,
    password: password.kind === 'plain' ? password.text : UNREADABLE_PASSWORD,
    tls,
    allow_cleartext: tls === 'none' ? true : null,
    folder,
    purposes: [purpose],
    // The original left all mail as it was.
    after_handling: 'leave',
    poll_interval_seconds: poll,
    enabled: isEnabled ? null : false,
  };
  const required = ['host', 'user', 'password', 'purposes', 'tls', 'account_id', 'tenant_id', 'scope'];
  const stored = await storeLeniently({ run, operation: 'mailboxes.create', input: dropAbsent(input), required });
  if (stored.kind === 'refused') findings.notTaken('mailboxes', name, stored.reason);
  else {
    findings.taken('mailboxes');
    findings.changed(
      'mailboxes',
      name,
      'all mail that lies in it is looked at again: where the source was is not known here',
    );
  }
}

function tlsOf({ isSsl, port }: OldMailbox): 'implicit' | 'starttls' | 'none' {
  if (!isSsl) return 'none';
  return port === PLAIN_PORT ? 'starttls' : 'implicit';
}

async function isThere(run: ImportParts['run'], { owner, host, user, folder, purpose }: OldMailbox): Promise<boolean> {
  let after: string | undefined;
  do {
    const ofTenant = owner === null ? {} : { tenant_id: owner.tenantId };
    const page = asObject(
      await run('mailboxes.list', { ...ofTenant, limit: PAGE, ...(after === undefined ? {} : { after }) }),
    );
    const items = (page?.['items'] ?? []) as readonly Json[];
    const found = items.some(
      (item) =>
        item['scope'] === (owner === null ? 'instance' : 'account') &&
        item['account_id'] === (owner?.accountId ?? null) &&
        item['host'] === host &&
        item['user'] === user &&
        item['folder'] === (folder ?? 'INBOX') &&
        (item['purposes'] as readonly string[]).includes(purpose),
    );
    if (found) return true;
    after = (page?.['next'] as string | null) ?? undefined;
  } while (after !== undefined);
  return false;
}
