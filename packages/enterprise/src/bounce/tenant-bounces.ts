// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineExtension, type Extension } from '@mail-proxy/core';
import { changed, settingsView, tenantSettings } from './bounce.schema.ts';
import { type BounceSettingsStore, DEFAULT_SETTINGS } from './settings.store.ts';

/** The settings as a field of the tenant, so that one is made with them; null ends them. */
export function tenantBounces(settings: Pick<BounceSettingsStore, 'of' | 'put' | 'remove'>): Extension {
  return defineExtension({
    schema: tenantSettings,
    async load(tenantIds) {
      const found = await settings.of(tenantIds);
      return new Map([...found].map(([tenantId, each]) => [tenantId, settingsView(each)]));
    },
    save: (tenantId, given) => [
      given === null ? settings.remove(tenantId) : settings.put(tenantId, changed(DEFAULT_SETTINGS, given)),
    ],
  });
}
