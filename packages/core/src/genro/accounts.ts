// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { DEFAULT_TENANT } from '../entities/tenant/default-tenant.ts';
import type { ImportParts } from './import-parts.ts';
import { takeMailbox } from './mailboxes.ts';
import { genroTls } from './old-rules.ts';
import { UNREADABLE_PASSWORD } from './old-secrets.ts';
import { dropAbsent, flagOf, lineOf, numberOf, type SourceRow, textOf } from './source-values.ts';
import { storeLeniently } from './store-leniently.ts';
import { addNamedTenant } from './tenants.ts';

/** Accounts by what messages of the source name them with. */
export interface OldAccounts {
  /** The tenant and the id of an account of the source, whether it could be taken or not. */
  find(message: SourceRow): OldAccount | null;
}

export interface OldAccount {
  readonly tenantId: string;
  readonly id: string;
}

/** Take the accounts, and the mailboxes of those that send certified mail. */
export async function takeAccounts(parts: ImportParts): Promise<OldAccounts> {
  const { source, onRows } = parts;
  const known = new KnownAccounts();
  for await (const rows of source.pages('accounts')) {
    for (const row of rows) {
      const account = { tenantId: textOf(row, 'tenant_id') ?? DEFAULT_TENANT, id: textOf(row, 'id') ?? '' };
      known.add(account, textOf(row, 'pk'));
      await takeAccount(parts, account, row);
    }
    onRows('accounts', rows.length);
  }
  return known;
}

class KnownAccounts implements OldAccounts {
  readonly #byPk = new Map<string, OldAccount>();
  readonly #byId = new Map<string, OldAccount[]>();

  add(account: OldAccount, pk: string | null): void {
    if (pk !== null) this.#byPk.set(pk, account);
    this.#byId.set(account.id, [...(this.#byId.get(account.id) ?? []), account]);
  }

  find(message: SourceRow): OldAccount | null {
    const tenantId = textOf(message, 'tenant_id');
    const named = this.#byId.get(textOf(message, 'account_id') ?? '') ?? [];
    const found = tenantId === null && named.length === 1 ? named[0] : named.find((each) => each.tenantId === tenantId);
    return found ?? this.#byPk.get(textOf(message, 'account_pk') ?? '') ?? null;
  }
}

async function takeAccount(parts: ImportParts, { tenantId, id }: OldAccount, row: SourceRow): Promise<void> {
  const { findings, run, mixins } = parts;
  const name = `${tenantId}/${id}`;
  if (!(await addNamedTenant(parts, tenantId))) {
    findings.notTaken('accounts', name, 'its tenant has an id that is not taken here');
    return;
  }
  const isPec = flagOf(row, 'is_pec_account') === true;
  const hasPec = mixins.includes('pec');
  const { changed, ...login } = loginOf(parts, row);
  const input = {
    tenant_id: tenantId,
    id,
    host: textOf(row, 'host')?.trim(),
    port: numberOf(row, 'port'),
    tls: tlsOf(row),
    ...login,
    ...limitsOf(row),
    pec: isPec && hasPec ? true : null,
  };
  const required = ['tenant_id', 'id', 'host', 'port', 'user', 'password', 'tls'];
  const stored = await storeLeniently({ run, operation: 'accounts.create', input: dropAbsent(input), required });
  switch (stored.kind) {
    case 'refused':
      findings.notTaken('accounts', name, stored.reason);
      return;
    case 'already_here':
      findings.alreadyHere('accounts');
      break;
    case 'stored':
      findings.taken('accounts');
      for (const why of stored.without) findings.changed('accounts', name, `without ${why}`);
      if (changed !== null) findings.changed('accounts', name, changed);
      if (isPec && !hasPec)
        findings.changed('accounts', name, 'as an ordinary one: certified mail needs the enterprise edition');
      break;
    default:
      stored satisfies never;
  }
  if (!isPec) return;
  const user = textOf(row, 'imap_user') ?? textOf(row, 'user');
  await takeMailbox(parts, {
    owner: { tenantId, accountId: id },
    name,
    purpose: 'pec',
    host: textOf(row, 'imap_host'),
    port: numberOf(row, 'imap_port'),
    user,
    password: textOf(row, 'imap_password') ?? textOf(row, 'password'),
    folder: textOf(row, 'imap_folder'),
    isSsl: true,
    pollSeconds: null,
    isEnabled: true,
  });
}

/** What `use_tls` made the original do; without it the port decided, and beside that nothing was asked for. */
function tlsOf(row: SourceRow): ReturnType<typeof genroTls> | 'opportunistic' {
  const [useTls, port] = [flagOf(row, 'use_tls'), numberOf(row, 'port')];
  if (useTls !== null) return genroTls(useTls, port);
  return genroTls(true, port) === 'implicit' ? 'implicit' : 'opportunistic';
}

/** The original logged in with a user and a password, and with neither where one was missing. */
function loginOf(
  { secrets }: Pick<ImportParts, 'secrets'>,
  row: SourceRow,
): { readonly user?: string; readonly password?: string; readonly changed: string | null } {
  const [user, stored] = [textOf(row, 'user'), textOf(row, 'password')];
  if (user === null || stored === null)
    return { changed: user === null ? null : 'without its user, as it has no password' };
  const password = secrets.open(stored);
  if (password.kind === 'plain') return { user: lineOf(user, 255), password: password.text, changed: null };
  const changed = 'with a password that has to be set anew: what is stored cannot be opened';
  return { user: lineOf(user, 255), password: UNREADABLE_PASSWORD, changed };
}

function limitsOf(row: SourceRow): Readonly<Record<string, unknown>> {
  const limit = (column: string): number | null => {
    const value = numberOf(row, column);
    return value !== null && value >= 1 ? Math.floor(value) : null;
  };
  return {
    limit_per_minute: limit('limit_per_minute'),
    limit_per_hour: limit('limit_per_hour'),
    limit_per_day: limit('limit_per_day'),
    limit_behavior: textOf(row, 'limit_behavior') === 'reject' ? 'reject' : null,
  };
}
