// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineExtension, type Extension, fields } from '@mail-proxy/core';
import * as v from 'valibot';
import { UNVERIFIED_POLICIES } from '../receipts.table.ts';
import { parseTrustAnchors } from '../signature/trust-anchors.ts';
import { columnsOf, DEFAULT_SETTINGS, type PecSettings, type PecSettingsStore } from './settings.store.ts';

/** 100 certificates, as there are providers, with room. */
const MAX_PEM = 500_000;

const trustAnchors = v.pipe(
  v.string(),
  v.maxLength(MAX_PEM, `expected at most ${MAX_PEM} characters`),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      parseTrustAnchors(dataset.value);
    } catch (error) {
      addIssue({ message: `expected certificates in PEM: ${error instanceof Error ? error.message : 'unreadable'}` });
    }
  }),
);

/** As a field of the tenant: what is absent or null is the default. */
const tenantSettings = v.pipe(
  v.strictObject({
    /** Certificates in PEM, of authorities or of providers themselves, that are trusted beside the instance's. */
    trust_anchors: v.nullish(trustAnchors),
    /** What becomes of receipts whose signature proves nothing; by default they are refused where anything is trusted. */
    unverified_receipts: v.nullish(v.picklist(UNVERIFIED_POLICIES)),
    acceptance_timeout_minutes: v.nullish(fields.integer(1, 1_440)),
    delivery_notice_hours: v.nullish(fields.integer(1, 240)),
    delivery_timeout_hours: v.nullish(fields.integer(2, 480)),
    /** Days for which receipts are kept. */
    keep_days: v.nullish(fields.integer(30, 36_500)),
  }),
  v.check((given) => {
    const { deliveryNoticeHours: notice, deliveryTimeoutHours: timeout } = toSettings(given);
    return notice < timeout;
  }, 'expected delivery_notice_hours below delivery_timeout_hours'),
);

interface GivenSettings {
  readonly trust_anchors?: string | null | undefined;
  readonly unverified_receipts?: PecSettings['unverifiedReceipts'] | undefined;
  readonly acceptance_timeout_minutes?: number | null | undefined;
  readonly delivery_notice_hours?: number | null | undefined;
  readonly delivery_timeout_hours?: number | null | undefined;
  readonly keep_days?: number | null | undefined;
}

/** The settings as a field of the tenant; null ends them. */
export function tenantPec(settings: Pick<PecSettingsStore, 'of' | 'put' | 'remove'>): Extension {
  return defineExtension({
    schema: tenantSettings,
    async load(tenantIds) {
      const found = await settings.of(tenantIds);
      return new Map([...found].map(([tenantId, each]) => [tenantId, columnsOf(each)]));
    },
    save: (tenantId, given) => [given === null ? settings.remove(tenantId) : settings.put(tenantId, toSettings(given))],
  });
}

function toSettings(given: GivenSettings): PecSettings {
  const usual = DEFAULT_SETTINGS;
  return {
    trustAnchors: given.trust_anchors ?? usual.trustAnchors,
    unverifiedReceipts: given.unverified_receipts ?? usual.unverifiedReceipts,
    acceptanceTimeoutMinutes: given.acceptance_timeout_minutes ?? usual.acceptanceTimeoutMinutes,
    deliveryNoticeHours: given.delivery_notice_hours ?? usual.deliveryNoticeHours,
    deliveryTimeoutHours: given.delivery_timeout_hours ?? usual.deliveryTimeoutHours,
    keepDays: given.keep_days ?? usual.keepDays,
  };
}
