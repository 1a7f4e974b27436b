// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, systemClock } from '../../clock.ts';
import { type Database, UniqueViolation } from '../../database/database.ts';
import { exactlyOne, type Statement } from '../../database/statement.ts';
import { isMailProxyError, MailProxyError } from '../../errors.ts';
import type { Reach } from '../../operations/principal.ts';
import type { Sealer } from '../../secrets/sealer.ts';
import { ChangeListeners } from '../change-listeners.ts';
import { type Dependants, deleteUnused } from '../delete-unused.ts';
import { type Page, type Paging, pageFrom, pageInput } from '../paging.ts';
import { pickReferenced } from '../pick-referenced.ts';
import { RecentCache } from '../recent-cache.ts';
import type { CoreSchema } from '../schema.ts';
import {
  type Account,
  type AccountKey,
  type AccountRelayRow,
  type AccountRow,
  type AccountSettings,
  accountOf,
  columnsOf,
  relayOf,
  sealedColumnsOf,
} from './account.model.ts';
import { prepareAccountStatements } from './account.statements.ts';
import type { AccountsTable } from './account.table.ts';

/** What else belongs to the unit that writes the account with this key. @defaultValue nothing */
type AlsoWritten = ((pk: string) => readonly Statement[]) | undefined;

/** SMTP relays of the tenants. A row outside the reach is as if it did not exist. */
export interface AccountStore {
  /** @throws {MailProxyError} `not_found` when there is no such tenant, `duplicate_id` */
  create(
    key: AccountKey & { readonly tenantId: string },
    settings: AccountSettings,
    now: number,
    also?: AlsoWritten,
  ): Promise<Account>;
  /**
   * @param ref - the pk, which wins, or the client's id
   * @throws {MailProxyError} `not_found`, `ambiguous_id`
   */
  get(reach: Reach, ref: string): Promise<Account>;
  /** In the order in which they were made. */
  list(reach: Reach, paging: Paging): Promise<Page<Account>>;
  /**
   * Change an account. `revise` makes the new settings out of the account as it is; it may be called again when
   * someone else changed the account in between.
   *
   * @throws {MailProxyError} `not_found`, `ambiguous_id`, `conflict` when others keep changing it
   */
  update(
    reach: Reach,
    ref: string,
    revise: (account: Account) => AccountSettings,
    change: { readonly now: number; readonly also?: AlsoWritten },
  ): Promise<Account>;
  /**
   * Delete an account that no message refers to, whether it waits or is done.
   *
   * @throws {MailProxyError} `not_found`, `ambiguous_id`, `in_use`
   */
  delete(reach: Reach, ref: string): Promise<void>;
  /**
   * The account that a message uses: the one with the client's id, else the default or only relay of the tenant. A
   * sandbox takes what does not name it where it is the default, and only then.
   */
  resolve(tenantId: string, accountId: string | null): Promise<AccountKey | null>;
  /** The same among its sandboxes. */
  resolveSandbox(tenantId: string, accountId: string | null): Promise<AccountKey | null>;
  /**
   * What delivery needs. A change by this process is seen at once, one by another within a second. On SQLite, which no
   * other has open, it is read once a minute.
   *
   * @throws {MailProxyError} `not_found`
   */
  relayRow(pk: string): Promise<AccountRelayRow>;
  /**
   * Read every account anew: another process changed one, or a tenant was changed, whose settings are part of it, or
   * the keys were, with which its secrets are opened when they are asked for.
   */
  forget(): void;
  /** Be told the pk of each account that this process changes or deletes. Disposing ends it. */
  onChange(listener: (pk: string) => void): Disposable;
}

/** Others may change an account between reading and writing it, or make another one the default at the same time. */
const MAX_TRIES = 5;

const NO_PAUSE = { since: null, until_at: null, failures: null, reason: null, by_hand: null };

const MAX_CACHED_ACCOUNTS = 10_000;
/** How long a change by another instance may go unnoticed. */
const MAX_CACHE_AGE_MS = 1_000;
/** The same where there is no other: only what writes past all rules would be noticed then. */
const MAX_EXCLUSIVE_CACHE_AGE_MS = 60_000;

export function createAccountStore(
  database: Database<CoreSchema>,
  sealer: Sealer,
  clock: Clock = systemClock,
): AccountStore {
  const statements = prepareAccountStatements(database);
  const maxAgeMs = database.dialect.isExclusive ? MAX_EXCLUSIVE_CACHE_AGE_MS : MAX_CACHE_AGE_MS;
  const cacheOptions = { maxEntries: MAX_CACHED_ACCOUNTS, maxAgeMs, clock };
  const keys = new RecentCache<AccountKey>(cacheOptions);
  const relays = new RecentCache<AccountRelayRow>(cacheOptions);
  const listeners = new ChangeListeners();

  const forget = (): void => {
    keys.clear();
    relays.clear();
  };

  const changed = (pk: string): void => {
    forget();
    listeners.tell(pk);
  };

  const find = async (reach: Reach, ref: string): Promise<AccountRow> => {
    const rows = await database.read(statements.find.bind({ ref, tenant_id: reach.tenantId }));
    const within = reach.isSandbox === true ? rows.filter(({ type }) => type === 'sandbox') : rows;
    return pickReferenced(within, ref, 'several tenants have an account of that id; give tenant_id');
  };

  /** Write the row; where it becomes the default, no other one stays it. */
  const written = async (row: AccountsTable, ...writes: readonly Statement[]): Promise<void> => {
    const { pk, tenant_id, is_default, updated_at } = row;
    const others = is_default === 0 ? [] : [statements.clearDefault.bind({ pk, tenant_id, updated_at })];
    try {
      await database.write([...others, ...writes]);
    } catch (error) {
      // A commit of which nothing was heard may have been one.
      forget();
      throw error;
    }
    changed(pk);
  };

  return {
    async create({ pk, id, tenantId }, settings, now, also) {
      const row: AccountsTable = {
        pk,
        tenant_id: tenantId,
        id,
        ...columnsOf(settings),
        ...sealedColumnsOf(pk, settings, { sealer, current: null }),
        version: 1,
        created_at: now,
        updated_at: now,
      };
      for (let attempt = 1; ; attempt++) {
        try {
          await written(row, exactlyOne(statements.insert.bind(row), 'not_found'), ...(also?.(pk) ?? []));
          return accountOf({ ...row, ...NO_PAUSE }, now);
        } catch (error) {
          if (!(error instanceof UniqueViolation)) throw error;
          const [taken] = await database.read(statements.resolve.bind({ tenant_id: tenantId, id }));
          if (taken !== undefined) {
            throw new MailProxyError('duplicate_id', {
              detail: `the tenant has an account ${id} already`,
              cause: error,
            });
          }
          // Another instance made an account the default in the same moment.
          if (attempt === MAX_TRIES) throw new MailProxyError('conflict', { cause: error });
        }
      }
    },

    async get(reach, ref) {
      return accountOf(await find(reach, ref), clock.now());
    },

    async list(reach, paging) {
      const { tenantId } = reach;
      const now = clock.now();
      const rows = await database.read(
        tenantId === null
          ? statements.listAll.bind(pageInput(paging))
          : statements.listOfTenant.bind({
              tenant_id: tenantId,
              type: reach.isSandbox === true ? 'sandbox' : null,
              ...pageInput(paging),
            }),
      );
      return pageFrom(
        rows.map((row) => accountOf(row, now)),
        paging.limit,
        (account) => account.pk,
      );
    },

    async update(reach, ref, revise, { now, also }) {
      for (let attempt = 1; ; attempt++) {
        const current = await find(reach, ref);
        const settings = revise(accountOf(current, now));
        const row: AccountRow = {
          ...current,
          ...columnsOf(settings),
          ...sealedColumnsOf(current.pk, settings, { sealer, current }),
          version: current.version + 1,
          updated_at: now,
        };
        try {
          const before = {
            password_before: current.password,
            oauth_before: current.oauth,
            tls_client_key_before: current.tls_client_key,
          };
          await written(
            row,
            exactlyOne(statements.update.bind({ ...row, ...before }), 'conflict'),
            ...(also?.(row.pk) ?? []),
          );
          return accountOf(row, now);
        } catch (error) {
          const isRace = isMailProxyError(error, 'conflict') || error instanceof UniqueViolation;
          if (!isRace) throw error;
          if (attempt === MAX_TRIES) throw new MailProxyError('conflict', { cause: error });
        }
      }
    },

    async delete(reach, ref) {
      const { pk, tenant_id } = await find(reach, ref);
      await deleteUnused(database, {
        remove: statements.remove.bind({ pk, tenant_id }),
        dependants: statements.dependants.bind({ pk, tenant_id }),
        waiting: statements.waiting.bind({ pk, tenant_id }),
        detail: inUse,
      });
      changed(pk);
    },

    resolve(tenantId, accountId) {
      return keys.get(JSON.stringify([tenantId, accountId]), async () => {
        if (accountId !== null) {
          const [row] = await database.read(statements.resolve.bind({ tenant_id: tenantId, id: accountId }));
          return row ?? null;
        }
        const [first, second] = await database.read(statements.resolveDefault.bind({ tenant_id: tenantId }));
        if (first === undefined) return null;
        if (first.is_default === 0 && second !== undefined) return null;
        return { pk: first.pk, id: first.id };
      });
    },

    resolveSandbox(tenantId, accountId) {
      return keys.get(JSON.stringify(['sandbox', tenantId, accountId]), async () => {
        const found = await database.read(statements.resolveSandbox.bind({ tenant_id: tenantId, id: accountId }));
        const [first, second] = found;
        if (first === undefined || (first.is_default === 0 && second !== undefined)) return null;
        return { pk: first.pk, id: first.id };
      });
    },

    async relayRow(pk) {
      const relay = await relays.get(pk, async () => {
        const [row] = await database.read(statements.relay.bind({ pk }));
        return row === undefined ? null : relayOf(row, sealer);
      });
      if (relay === null) throw new MailProxyError('not_found', { detail: `there is no account ${pk}` });
      return relay;
    },

    forget,

    onChange: (listener) => listeners.add(listener),
  };
}

function inUse({ messages = 0, waiting_messages: waiting = 0 }: Dependants): string {
  return waiting > 0
    ? `${waiting} messages wait for this account`
    : `no message waits for this account, but ${messages} that are done refer to it`;
}
