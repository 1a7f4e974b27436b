// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  exactlyOne,
  isMailProxyError,
  MailProxyError,
  type OAuthSettings,
  type Reach,
  type RefreshTokens,
  type Sealer,
} from '@mail-proxy/core';
import {
  columnsOf,
  type Mailbox,
  type MailboxRow,
  type MailCounts,
  mailboxOf,
  openOAuth,
  placeOf,
} from './mailbox.model.ts';
import type { MailboxSecrets, MailboxSettings } from './mailbox.settings.ts';
import { type ImapDatabase, prepareMailboxStatements } from './mailbox.statements.ts';
import type { ImapMailsTable, ImapPositionsTable, MailState } from './mailbox.table.ts';

/** Whose mailbox it is. */
export interface MailboxOwner {
  readonly tenantId: string | null;
  /** The client's id, or the pk. */
  readonly accountRef: string | null;
}

export interface Paging {
  readonly limit: number;
  readonly after?: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** With which a mailbox is opened; `version` is of the row, and so of the server that it is meant for. */
export type MailboxLogin = ({ readonly password: string } | { readonly oauth: OAuthSettings }) & {
  readonly version: number;
};

/** Mailboxes and what is known of them. A row outside the reach is as if it did not exist. */
export interface MailboxStore {
  /** @throws {MailProxyError} `not_found` for a tenant that is none, `unknown_account` */
  create(
    key: { readonly pk: string; readonly owner: MailboxOwner },
    settings: MailboxSettings & MailboxSecrets,
    now: number,
  ): Promise<Mailbox>;
  /** @throws {MailProxyError} `not_found` */
  get(reach: Reach, pk: string): Promise<Mailbox>;
  list(reach: Reach, paging: Paging): Promise<Page<Mailbox>>;
  /** @throws {MailProxyError} `not_found`, `conflict` */
  update(
    reach: Reach,
    pk: string,
    { revise, now }: { readonly revise: (current: Mailbox) => MailboxSettings & MailboxSecrets; readonly now: number },
  ): Promise<Mailbox>;
  /** @throws {MailProxyError} `not_found` */
  delete(reach: Reach, pk: string): Promise<void>;
  /** How far it was read; null for a mailbox that is gone. */
  position(pk: string): Promise<ImapPositionsTable | null>;
  counts(pk: string): Promise<MailCounts>;
  /** Have it checked at `at`. */
  ask(pk: string, now: number, at: number): Promise<void>;
  mails(pk: string, state: MailState, paging: Paging): Promise<Page<ImapMailsTable>>;
  /** @throws {MailProxyError} `not_found`; `conflict` for one that was not set aside */
  retryMail(pk: string, mailPk: string, now: number): Promise<ImapMailsTable>;
  /** Of every tenant, for the poller. */
  all(): Promise<readonly Mailbox[]>;
  /** Of any tenant, for the poller; null for one that is gone. */
  find(pk: string): Promise<Mailbox | null>;
  /** @throws {MailProxyError} `sealed_with_unknown_key` */
  login(pk: string): Promise<MailboxLogin | null>;
  readonly refreshTokens: RefreshTokens;
}

const MAX_TRIES = 5;
const PAGE_ROWS = 500;

export function createMailboxStore(database: ImapDatabase, sealer: Sealer): MailboxStore {
  const statements = prepareMailboxStatements(database);

  const findRow = async (pk: string): Promise<MailboxRow | null> => {
    const [row] = await database.read(statements.find.bind({ pk }));
    return row ?? null;
  };

  const find = async ({ tenantId }: Reach, pk: string): Promise<MailboxRow> => {
    const row = await findRow(pk);
    if (row === null || (tenantId !== null && row.tenant_id !== tenantId)) throw new MailProxyError('not_found');
    return row;
  };

  const accountOf = async ({ tenantId, accountRef }: MailboxOwner) => {
    if (tenantId === null) return null;
    const [tenant] = await database.read(statements.tenant.bind({ id: tenantId }));
    if (tenant === undefined) throw new MailProxyError('not_found', { detail: 'there is no such tenant' });
    if (accountRef === null) return null;
    const [account] = await database.read(statements.account.bind({ tenant_id: tenantId, ref: accountRef }));
    if (account === undefined) throw new MailProxyError('unknown_account');
    return account;
  };

  const secretsOf = (pk: string, { password, oauth }: MailboxSecrets) => ({
    ...(password === undefined
      ? {}
      : { password: password === null ? null : sealer.seal(password, placeOf(pk, 'password')) }),
    ...(oauth === undefined ? {} : { oauth: oauth === null ? null : sealOAuth(pk, oauth) }),
  });

  const sealOAuth = (pk: string, oauth: OAuthSettings) => sealer.seal(JSON.stringify(oauth), placeOf(pk, 'oauth'));

  const list = async ({ tenantId }: Pick<Reach, 'tenantId'>, { limit, after = '' }: Paging): Promise<Page<Mailbox>> => {
    const paged = { after, rows: limit + 1 };
    const rows = await database.read(
      tenantId === null
        ? statements.listAll.bind(paged)
        : statements.listOfTenant.bind({ tenant_id: tenantId, ...paged }),
    );
    return pageFrom(rows.map(mailboxOf), limit);
  };

  const storedOAuth = async (pk: string) => {
    const sealed = (await findRow(pk))?.oauth ?? null;
    if (sealed === null) return null;
    const oauth = openOAuth(pk, sealed, sealer);
    if ('accessToken' in oauth || oauth.refreshToken === undefined) return null;
    return { sealed, oauth, refreshToken: oauth.refreshToken };
  };

  return {
    async create({ pk, owner }, settings, now) {
      const account = await accountOf(owner);
      const row = {
        pk,
        tenant_id: owner.tenantId,
        account_pk: account?.pk ?? null,
        ...columnsOf(settings),
        password: null,
        oauth: null,
        ...secretsOf(pk, settings),
        version: 1,
        created_at: now,
        updated_at: now,
      };
      await database.write([statements.insert.bind(row), statements.insertPosition.bind(newPosition(pk, now))]);
      return mailboxOf({ ...row, account_id: account?.id ?? null });
    },

    async get(reach, pk) {
      return mailboxOf(await find(reach, pk));
    },

    list,

    async update(reach, pk, { revise, now }) {
      for (let attempt = 1; ; attempt++) {
        const current = await find(reach, pk);
        const settings = revise(mailboxOf(current));
        const secrets = secretsOf(pk, settings);
        const row = { ...current, ...columnsOf(settings), version: current.version + 1, updated_at: now };
        try {
          await database.write([
            exactlyOne(statements.update.bind({ ...row, version_before: current.version }), 'conflict'),
            ...(secrets.password === undefined
              ? []
              : [statements.setPassword.bind({ pk, password: secrets.password })]),
            ...(secrets.oauth === undefined ? [] : [statements.setOAuth.bind({ pk, oauth: secrets.oauth })]),
            statements.startAnew.bind({ mailbox_pk: pk, now }),
          ]);
          return mailboxOf({ ...row, ...secrets });
        } catch (error) {
          if (!isMailProxyError(error, 'conflict') || attempt === MAX_TRIES) throw error;
        }
      }
    },

    async delete(reach, pk) {
      await find(reach, pk);
      await database.write([exactlyOne(statements.remove.bind({ pk }), 'not_found')]);
    },

    async position(pk) {
      const [row] = await database.read(statements.position.bind({ mailbox_pk: pk }));
      return row ?? null;
    },

    async counts(pk) {
      const [retrying, setAside] = await Promise.all(
        (['retrying', 'set_aside'] as const).map(async (state) => {
          const [row] = await database.read(statements.count.bind({ mailbox_pk: pk, state }));
          return Number(row?.count ?? 0);
        }),
      );
      return { retrying: retrying ?? 0, setAside: setAside ?? 0 };
    },

    async ask(pk, now, at) {
      await database.write([statements.ask.bind({ mailbox_pk: pk, now, next_check_at: at })]);
    },

    async mails(pk, state, { limit, after = '' }) {
      const rows = await database.read(statements.mails.bind({ mailbox_pk: pk, state, after, rows: limit + 1 }));
      return pageFrom(rows, limit);
    },

    async retryMail(pk, mailPk, now) {
      const own = { mailbox_pk: pk, pk: mailPk };
      const [found] = await database.read(statements.mail.bind(own));
      if (found === undefined) throw new MailProxyError('not_found');
      const [{ changes }] = await database.write([statements.retryMail.bind({ ...own, now })]);
      if (changes === 0) throw new MailProxyError('conflict', { detail: `the mail is ${found.state}, not set aside` });
      return { ...found, state: 'retrying', attempts: 0, next_at: now, at: now };
    },

    async all() {
      const found: Mailbox[] = [];
      for (let after: string | null = ''; after !== null; ) {
        const page: Page<Mailbox> = await list({ tenantId: null }, { limit: PAGE_ROWS, after });
        found.push(...page.items);
        after = page.next;
      }
      return found;
    },

    async find(pk) {
      const row = await findRow(pk);
      return row === null ? null : mailboxOf(row);
    },

    async login(pk) {
      const row = await findRow(pk);
      if (row === null) return null;
      const { version } = row;
      if (row.oauth !== null) return { version, oauth: openOAuth(pk, row.oauth, sealer) };
      return row.password === null ? null : { version, password: sealer.open(row.password, placeOf(pk, 'password')) };
    },

    refreshTokens: {
      async current(pk) {
        return (await storedOAuth(pk))?.refreshToken ?? null;
      },
      async replace(pk, used, next) {
        for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
          const stored = await storedOAuth(pk);
          // Somebody changed the mailbox, or another instance was first.
          if (stored?.refreshToken !== used) return true;
          const oauth = sealOAuth(pk, { ...stored.oauth, refreshToken: next });
          const [{ changes }] = await database.write([statements.swapOAuth.bind({ pk, oauth, before: stored.sealed })]);
          if (changes === 1) return true;
        }
        return false;
      },
    },
  };
}

function pageFrom<Row extends { readonly pk: string }>(rows: readonly Row[], limit: number): Page<Row> {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? (items.at(-1)?.pk ?? null) : null };
}

function newPosition(pk: string, now: number): ImapPositionsTable {
  return {
    mailbox_pk: pk,
    ...{
      place: null,
      uidvalidity: null,
      last_uid: 0,
      reread_below: 0,
      forgotten_until: 0,
      stuck_uid: 0,
      stuck_tries: 0,
    },
    ...{ is_reading: 0, condition: 'new', failures: 0, error: null, last_check_at: null, last_ok_at: null },
    ...{ next_check_at: now, asked_at: 0, handled: 0, ignored: 0, repeated: 0, pruned_at: now },
  };
}
