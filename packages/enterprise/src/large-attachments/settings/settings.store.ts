// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Statement } from '@mail-proxy/core';
import type { LargeDatabase, LargeFileSettingsTable } from '../large-attachments.table.ts';
import type { LargeFileConfig } from './large-file-config.ts';

/** What becomes of a tenant's large attachments. */
export interface LargeFileSettingsStore {
  /** Of these tenants, as far as they have any. */
  of(tenantIds: readonly string[]): Promise<ReadonlyMap<string, LargeFileConfig>>;
  /** Of one tenant; null where it has none. */
  get(tenantId: string): Promise<LargeFileConfig | null>;
  /**
   * As {@link LargeFileSettingsStore.get}: at once, where that was read within seconds. What another instance changed is known
   * by then, what this one changed at once.
   */
  recent(tenantId: string): LargeFileConfig | null | Promise<LargeFileConfig | null>;
  /** To be written. */
  put(tenantId: string, config: LargeFileConfig): Statement;
  remove(tenantId: string): Statement;
}

/** How long another instance may go by what was changed (milliseconds). */
const KEPT_MS = 5_000;
const MAX_KEPT = 10_000;
/** In which a change is surely committed, or given up (milliseconds). Until then its tenant's are read each time. */
const CHANGING_MS = 60_000;

export function createLargeFileSettingsStore(database: LargeDatabase, clock: Clock): LargeFileSettingsStore {
  const find = database.prepare<{ tenant_id: string }, LargeFileSettingsTable>((k, p) =>
    k.selectFrom('large_file_settings').selectAll().where('tenant_id', '=', p.tenant_id),
  );
  const insert = database.prepare<LargeFileSettingsTable>((k, p) =>
    k
      .insertInto('large_file_settings')
      .values({ tenant_id: p.tenant_id, settings: p.settings, updated_at: p.updated_at })
      .onConflict((conflict) =>
        conflict.column('tenant_id').doUpdateSet({ settings: p.settings, updated_at: p.updated_at }),
      ),
  );
  const remove = database.prepare<{ tenant_id: string }>((k, p) =>
    k.deleteFrom('large_file_settings').where('tenant_id', '=', p.tenant_id),
  );
  const kept = new Map<string, { readonly config: LargeFileConfig | null; readonly until: number }>();
  const changing = new Map<string, number>();

  const get = async (tenant_id: string): Promise<LargeFileConfig | null> => {
    const [row] = await database.read(find.bind({ tenant_id }));
    return row === undefined ? null : configOf(row);
  };
  const isChanging = (tenantId: string): boolean => {
    const until = changing.get(tenantId);
    if (until === undefined) return false;
    if (until > clock.monotonic()) return true;
    changing.delete(tenantId);
    return false;
  };
  const beginChange = (tenantId: string): void => {
    changing.set(tenantId, clock.monotonic() + CHANGING_MS);
    kept.delete(tenantId);
  };
  const readAndKeep = async (tenantId: string, startedAt: number): Promise<LargeFileConfig | null> => {
    const config = await get(tenantId);
    if (isChanging(tenantId)) return config;
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(tenantId, { config, until: startedAt + KEPT_MS });
    return config;
  };

  return {
    get,
    async of(tenantIds) {
      const found = await database.readAll(tenantIds.map((tenant_id) => find.bind({ tenant_id })));
      return new Map(found.flatMap(({ rows }) => rows.map((row) => [row.tenant_id, configOf(row)] as const)));
    },
    recent(tenantId) {
      if (isChanging(tenantId)) return get(tenantId);
      const known = kept.get(tenantId);
      const now = clock.monotonic();
      return known !== undefined && known.until > now ? known.config : readAndKeep(tenantId, now);
    },
    put(tenant_id, config) {
      beginChange(tenant_id);
      return insert.bind({ tenant_id, settings: JSON.stringify(config), updated_at: clock.now() });
    },
    remove(tenant_id) {
      beginChange(tenant_id);
      return remove.bind({ tenant_id });
    },
  };
}

function configOf({ settings }: LargeFileSettingsTable): LargeFileConfig {
  // Nothing else is ever written there.
  return JSON.parse(settings) as LargeFileConfig;
}
