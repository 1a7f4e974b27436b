// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, CoreSchema, Database, Statement } from '@mail-proxy/core';
import type { PecReceiptSchema, PecSettingsTable, UnverifiedPolicy } from '../receipts.table.ts';

/** How a tenant wants its certified mail watched. */
export interface PecSettings {
  /** PEM; null for none of its own. */
  readonly trustAnchors: string | null;
  /** Null: by whether anything is trusted. */
  readonly unverifiedReceipts: UnverifiedPolicy | null;
  readonly acceptanceTimeoutMinutes: number;
  readonly deliveryNoticeHours: number;
  readonly deliveryTimeoutHours: number;
  readonly keepDays: number;
}

/** Providers keep what they say for 30 months (DM 2 November 2005, §6.7; RFC 6109 §4.7). */
export const DEFAULT_SETTINGS: PecSettings = {
  trustAnchors: null,
  unverifiedReceipts: null,
  acceptanceTimeoutMinutes: 30,
  deliveryNoticeHours: 12,
  deliveryTimeoutHours: 24,
  keepDays: 900,
};

export interface PecSettingsStore {
  /** Of these tenants, as far as they have any. */
  of(tenantIds: readonly string[]): Promise<ReadonlyMap<string, PecSettings>>;
  /** Of one tenant, the defaults where it has none. */
  get(tenantId: string): Promise<PecSettings>;
  /** To be written. */
  put(tenantId: string, settings: PecSettings): Statement;
  remove(tenantId: string): Statement;
}

export function createPecSettingsStore(
  database: Database<CoreSchema & PecReceiptSchema>,
  clock: Clock,
): PecSettingsStore {
  const find = database.prepare<{ tenant_id: string }, PecSettingsTable>((k, p) =>
    k.selectFrom('pec_settings').selectAll().where('tenant_id', '=', p.tenant_id),
  );
  const insert = database.prepare<PecSettingsTable>((k, p) => {
    const values = {
      trust_anchors: p.trust_anchors,
      unverified_receipts: p.unverified_receipts,
      acceptance_timeout_minutes: p.acceptance_timeout_minutes,
      delivery_notice_hours: p.delivery_notice_hours,
      delivery_timeout_hours: p.delivery_timeout_hours,
      keep_days: p.keep_days,
      updated_at: p.updated_at,
    };
    return k
      .insertInto('pec_settings')
      .values({ tenant_id: p.tenant_id, ...values })
      .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(values));
  });
  const remove = database.prepare<{ tenant_id: string }>((k, p) =>
    k.deleteFrom('pec_settings').where('tenant_id', '=', p.tenant_id),
  );

  return {
    async of(tenantIds) {
      const found = await database.readAll(tenantIds.map((tenant_id) => find.bind({ tenant_id })));
      return new Map(found.flatMap(({ rows }) => rows.map((row) => [row.tenant_id, settingsOf(row)] as const)));
    },
    async get(tenant_id) {
      const [row] = await database.read(find.bind({ tenant_id }));
      return row === undefined ? DEFAULT_SETTINGS : settingsOf(row);
    },
    put: (tenantId, settings) =>
      insert.bind({
        tenant_id: tenantId,
        ...columnsOf(settings),
        updated_at: clock.now(),
      }),
    remove: (tenantId) => remove.bind({ tenant_id: tenantId }),
  };
}

function settingsOf(row: PecSettingsTable): PecSettings {
  return {
    trustAnchors: row.trust_anchors,
    unverifiedReceipts: row.unverified_receipts,
    acceptanceTimeoutMinutes: row.acceptance_timeout_minutes,
    deliveryNoticeHours: row.delivery_notice_hours,
    deliveryTimeoutHours: row.delivery_timeout_hours,
    keepDays: row.keep_days,
  };
}

/** As they are stored, and shown. */
export function columnsOf(settings: PecSettings): Omit<PecSettingsTable, 'tenant_id' | 'updated_at'> {
  return {
    trust_anchors: settings.trustAnchors,
    unverified_receipts: settings.unverifiedReceipts,
    acceptance_timeout_minutes: settings.acceptanceTimeoutMinutes,
    delivery_notice_hours: settings.deliveryNoticeHours,
    delivery_timeout_hours: settings.deliveryTimeoutHours,
    keep_days: settings.keepDays,
  };
}
