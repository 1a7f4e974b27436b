// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, CoreSchema, Database, Statement } from '@mail-proxy/core';
import type { BounceSchema, BounceSettingsTable } from './bounce.table.ts';

/** How a tenant wants to be told of bounces. */
export interface BounceSettings {
  /** Null for the message's own return path. */
  readonly returnPathDomain: string | null;
  readonly returnPathPrefix: string;
  readonly perRecipient: boolean;
  readonly trustUnsignedIds: boolean;
}

export const DEFAULT_SETTINGS: BounceSettings = {
  returnPathDomain: null,
  returnPathPrefix: 'bounces',
  perRecipient: false,
  trustUnsignedIds: false,
};

export interface BounceSettingsStore {
  /** Null where the tenant wants none. */
  get(tenantId: string): Promise<BounceSettings | null>;
  /** Of these tenants, as far as they want any. */
  of(tenantIds: readonly string[]): Promise<ReadonlyMap<string, BounceSettings>>;
  /** Of one tenant, as {@link BounceSettingsStore.get}, but as it was a few seconds ago at most; at once, where that is known. */
  recent(tenantId: string): BounceSettings | null | Promise<BounceSettings | null>;
  /** To be written; of a tenant that is gone nothing is. */
  put(tenantId: string, settings: BounceSettings): Statement;
  remove(tenantId: string): Statement;
  /** What was written is committed. */
  forget(tenantId: string): void;
}

/** How long another instance may go by what was changed (milliseconds). */
const KEPT_MS = 5_000;
const MAX_KEPT = 10_000;

export function createBounceSettingsStore(
  database: Database<CoreSchema & BounceSchema>,
  clock: Clock,
): BounceSettingsStore {
  const find = database.prepare<{ tenant_id: string }, BounceSettingsTable>((k, p) =>
    k.selectFrom('bounce_settings').selectAll().where('tenant_id', '=', p.tenant_id),
  );
  const insert = database.prepare<BounceSettingsTable>((k, p) => {
    const values = {
      return_path_domain: p.return_path_domain,
      return_path_prefix: p.return_path_prefix,
      per_recipient: p.per_recipient,
      trust_unsigned_ids: p.trust_unsigned_ids,
      updated_at: p.updated_at,
    };
    return k
      .insertInto('bounce_settings')
      .values({ tenant_id: p.tenant_id, ...values })
      .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(values));
  });
  const remove = database.prepare<{ tenant_id: string }>((k, p) =>
    k.deleteFrom('bounce_settings').where('tenant_id', '=', p.tenant_id),
  );
  const kept = new Map<string, { readonly settings: BounceSettings | null; readonly until: number }>();

  const get = async (tenantId: string): Promise<BounceSettings | null> => {
    const [row] = await database.read(find.bind({ tenant_id: tenantId }));
    return row === undefined ? null : settingsOf(row);
  };

  return {
    get,
    async of(tenantIds) {
      const found = await database.readAll(tenantIds.map((tenant_id) => find.bind({ tenant_id })));
      return new Map(found.flatMap(({ rows }) => rows.map((row) => [row.tenant_id, settingsOf(row)] as const)));
    },
    recent(tenantId) {
      const known = kept.get(tenantId);
      const now = clock.monotonic();
      if (known !== undefined && known.until > now) return known.settings;
      return get(tenantId).then((settings) => {
        if (kept.size >= MAX_KEPT) kept.clear();
        kept.set(tenantId, { settings, until: now + KEPT_MS });
        return settings;
      });
    },
    put: (tenantId, settings) =>
      insert.bind({
        tenant_id: tenantId,
        return_path_domain: settings.returnPathDomain,
        return_path_prefix: settings.returnPathPrefix,
        per_recipient: settings.perRecipient ? 1 : 0,
        trust_unsigned_ids: settings.trustUnsignedIds ? 1 : 0,
        updated_at: clock.now(),
      }),
    remove: (tenantId) => remove.bind({ tenant_id: tenantId }),
    forget: (tenantId) => void kept.delete(tenantId),
  };
}

function settingsOf(row: BounceSettingsTable): BounceSettings {
  return {
    returnPathDomain: row.return_path_domain,
    returnPathPrefix: row.return_path_prefix,
    perRecipient: row.per_recipient === 1,
    trustUnsignedIds: row.trust_unsigned_ids === 1,
  };
}
