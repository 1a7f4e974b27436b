// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createPrivateKey } from 'node:crypto';
import { type Clock, systemClock } from '../../clock.ts';
import { type Database, UniqueViolation } from '../../database/database.ts';
import { exactlyOne } from '../../database/statement.ts';
import { MailProxyError } from '../../errors.ts';
import type { Reach } from '../../operations/principal.ts';
import type { SealedPlace, Sealer } from '../../secrets/sealer.ts';
import type { DkimSigningKey } from '../../smtp/compose/dkim.ts';
import type { DkimKeyMaterial } from '../../smtp/compose/dkim-key.ts';
import { ChangeListeners } from '../change-listeners.ts';
import { type Page, type Paging, pageFrom, pageInput } from '../paging.ts';
import { RecentCache } from '../recent-cache.ts';
import type { CoreSchema } from '../schema.ts';
import { type DkimKey, domainsInput, prepareDkimKeyStatements } from './dkim-key.statements.ts';
import { signingDomains } from './signing-domains.ts';

export type { DkimKey } from './dkim-key.statements.ts';

export interface NewDkimKey {
  readonly pk: string;
  readonly tenantId: string;
  /** Null: for all accounts of the tenant. */
  readonly account: { readonly pk: string; readonly id: string } | null;
  /** Lower case, A-labels. */
  readonly domain: string;
  readonly selector: string;
  readonly material: DkimKeyMaterial;
}

/** Keys with which the mail of domains is signed. A row outside the reach is as if it did not exist. */
export interface DkimKeyStore {
  /** @throws {MailProxyError} `not_found` when there is no such tenant, `duplicate_id` */
  create(key: NewDkimKey, now: number): Promise<DkimKey>;
  /** @throws {MailProxyError} `not_found` */
  get(reach: Reach, pk: string): Promise<DkimKey>;
  /** In the order in which they were made. */
  list(reach: Reach, paging: Paging): Promise<Page<DkimKey>>;
  /** @throws {MailProxyError} `not_found` */
  delete(reach: Reach, pk: string): Promise<void>;
  /**
   * The keys that sign the mail of an account from this domain: of the domain itself, else of its closest parent that
   * has any; those of the account and those for all.
   *
   * @throws {MailProxyError} `sealed_with_unknown_key`
   */
  signingKeys(tenantId: string, accountPk: string, domain: string): Promise<readonly DkimSigningKey[]>;
  /** Read every key anew: another process made or deleted one. */
  forget(): void;
  /** Be told the pk of each key that this process makes or deletes. Disposing ends it. */
  onChange(listener: (pk: string) => void): Disposable;
}

const MAX_CACHED_DOMAINS = 10_000;
/** How long a change by another instance may go unnoticed. */
const MAX_CACHE_AGE_MS = 1_000;
/** An old and a new key of both algorithms; each costs a signature in every message. */
const MAX_SIGNATURES = 4;

export function createDkimKeyStore(
  database: Database<CoreSchema>,
  sealer: Sealer,
  clock: Clock = systemClock,
): DkimKeyStore {
  const statements = prepareDkimKeyStatements(database);
  const signing = new RecentCache<readonly DkimSigningKey[]>({
    maxEntries: MAX_CACHED_DOMAINS,
    maxAgeMs: MAX_CACHE_AGE_MS,
    clock,
  });
  const listeners = new ChangeListeners();

  const changed = (pk: string): void => {
    signing.clear();
    listeners.tell(pk);
  };

  const load = async (
    tenantId: string,
    accountPk: string,
    domains: readonly string[],
  ): Promise<readonly DkimSigningKey[]> => {
    const rows = await database.read(
      statements.signing.bind({ ...domainsInput(domains), tenant_id: tenantId, account_pk: accountPk }),
    );
    const closest = domains.find((domain) => rows.some((row) => row.domain === domain));
    // The newest ones, where there are too many.
    const chosen = rows.filter((row) => row.domain === closest).slice(-MAX_SIGNATURES);
    return chosen.map(({ pk, domain, selector, algorithm, private_key }) => ({
      domain,
      selector,
      algorithm,
      privateKey: createPrivateKey(sealer.open(private_key, keyPlace(pk))),
    }));
  };

  return {
    async create({ pk, tenantId, account, domain, selector, material }, now) {
      const shown = {
        pk,
        tenant_id: tenantId,
        domain,
        selector,
        algorithm: material.algorithm,
        public_key: material.publicKey,
        created_at: now,
      };
      const insert = statements.insert.bind({
        ...shown,
        account_pk: account?.pk ?? null,
        private_key: sealer.seal(material.pem, keyPlace(pk)),
      });
      try {
        await database.write([exactlyOne(insert, 'not_found')]);
      } catch (error) {
        if (!(error instanceof UniqueViolation)) throw error;
        throw new MailProxyError('duplicate_id', {
          detail: `the tenant has a key ${selector} of ${domain} already`,
          cause: error,
        });
      }
      changed(pk);
      return { ...shown, account_id: account?.id ?? null };
    },

    async get({ tenantId }, pk) {
      const [row] = await database.read(statements.byPk.bind({ pk, tenant_id: tenantId }));
      if (row === undefined) throw new MailProxyError('not_found');
      return row;
    },

    async list({ tenantId }, paging) {
      const rows = await database.read(statements.list.bind({ tenant_id: tenantId, ...pageInput(paging) }));
      return pageFrom(rows, paging.limit, (key) => key.pk);
    },

    async delete({ tenantId }, pk) {
      await database.write([exactlyOne(statements.remove.bind({ pk, tenant_id: tenantId }), 'not_found')]);
      changed(pk);
    },

    async signingKeys(tenantId, accountPk, domain) {
      const domains = signingDomains(domain);
      const key = JSON.stringify([tenantId, accountPk, domains[0]]);
      return (await signing.get(key, () => load(tenantId, accountPk, domains))) ?? [];
    },

    forget: () => signing.clear(),
    onChange: (listener) => listeners.add(listener),
  };
}

function keyPlace(pk: string): SealedPlace {
  return { table: 'dkim_keys', column: 'private_key', row: pk };
}
