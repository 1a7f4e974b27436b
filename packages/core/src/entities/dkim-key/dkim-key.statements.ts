// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Prepared } from '../../database/statement.ts';
import type { CoreSchema } from '../schema.ts';
import type { DkimKeysTable } from './dkim-key.table.ts';
import type { MAX_SIGNING_DOMAINS } from './signing-domains.ts';

/** A key as it may be shown, with its account's id instead of its pk. */
export type DkimKey = Omit<DkimKeysTable, 'private_key' | 'account_pk'> & { readonly account_id: string | null };

/** The domains of {@link signingDomains} by their place; the last ones repeat the first where there are fewer. */
type Domains = Readonly<Record<(typeof PLACES)[number], string>>;

export interface DkimKeyStatements {
  /** Inserts nothing where there is no such tenant. */
  readonly insert: Prepared<DkimKeysTable, unknown>;
  readonly byPk: Prepared<{ readonly pk: string; readonly tenant_id: string | null }, DkimKey>;
  readonly list: Prepared<
    { readonly tenant_id: string | null; readonly after: string; readonly rows: number },
    DkimKey
  >;
  readonly signing: Prepared<
    Domains & { readonly tenant_id: string; readonly account_pk: string },
    Pick<DkimKeysTable, 'pk' | 'domain' | 'selector' | 'algorithm' | 'private_key'>
  >;
  readonly remove: Prepared<{ readonly pk: string; readonly tenant_id: string | null }, unknown>;
}

const COLUMNS = [
  'pk',
  'tenant_id',
  'account_pk',
  'domain',
  'selector',
  'algorithm',
  'private_key',
  'public_key',
  'created_at',
] as const satisfies readonly (keyof DkimKeysTable)[];

const PLACES = [
  'domain_0',
  'domain_1',
  'domain_2',
  'domain_3',
  'domain_4',
  'domain_5',
  'domain_6',
  'domain_7',
] as const satisfies { readonly length: typeof MAX_SIGNING_DOMAINS };

/** Parameters of {@link DkimKeyStatements.signing}. */
export function domainsInput(domains: readonly string[]): Domains {
  const [first = ''] = domains;
  const at = (place: number): string => domains[place] ?? first;
  return {
    domain_0: at(0),
    domain_1: at(1),
    domain_2: at(2),
    domain_3: at(3),
    domain_4: at(4),
    domain_5: at(5),
    domain_6: at(6),
    domain_7: at(7),
  };
}

export function prepareDkimKeyStatements(database: Database<CoreSchema>): DkimKeyStatements {
  const within = (tenantId: string | null) =>
    sql<boolean>`(cast(${tenantId} as text) is null or dkim_keys.tenant_id = cast(${tenantId} as text))`;
  const shown = [
    'dkim_keys.pk',
    'dkim_keys.tenant_id',
    'accounts.id as account_id',
    'dkim_keys.domain',
    'dkim_keys.selector',
    'dkim_keys.algorithm',
    'dkim_keys.public_key',
    'dkim_keys.created_at',
  ] as const;
  return {
    // Selected from the tenant, so that a tenant that does not exist is a row that was not inserted.
    insert: database.prepare((k, p) =>
      k
        .insertInto('dkim_keys')
        .columns(COLUMNS)
        .expression((eb) =>
          eb
            .selectFrom('tenants')
            .select(COLUMNS.map((column) => eb.val(p[column]).as(column)))
            .where('tenants.id', '=', p.tenant_id),
        ),
    ),
    byPk: database.prepare((k, p) =>
      k
        .selectFrom('dkim_keys')
        .leftJoin('accounts', 'accounts.pk', 'dkim_keys.account_pk')
        .select(shown)
        .where('dkim_keys.pk', '=', p.pk)
        .where(within(p.tenant_id)),
    ),
    list: database.prepare((k, p) =>
      k
        .selectFrom('dkim_keys')
        .leftJoin('accounts', 'accounts.pk', 'dkim_keys.account_pk')
        .select(shown)
        .where(within(p.tenant_id))
        .where('dkim_keys.pk', '>', p.after)
        .orderBy('dkim_keys.pk')
        .limit(p.rows),
    ),
    signing: database.prepare((k, p) =>
      k
        .selectFrom('dkim_keys')
        .select(['pk', 'domain', 'selector', 'algorithm', 'private_key'])
        .where('tenant_id', '=', p.tenant_id)
        .where(
          'domain',
          'in',
          PLACES.map((place) => p[place]),
        )
        .where((eb) => eb.or([eb('account_pk', 'is', null), eb('account_pk', '=', p.account_pk)]))
        .orderBy('pk'),
    ),
    remove: database.prepare((k, p) => k.deleteFrom('dkim_keys').where('pk', '=', p.pk).where(within(p.tenant_id))),
  };
}
