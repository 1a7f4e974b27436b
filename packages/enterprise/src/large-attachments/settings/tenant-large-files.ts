// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineExtension, type Extension } from '@mail-proxy/core';
import { largeFileConfig, toConfig } from './large-file-config.ts';
import type { LargeFileSettingsStore } from './settings.store.ts';

/** The settings as a field of the tenant, replaced as a whole; null ends them. */
export function tenantLargeFiles(settings: Pick<LargeFileSettingsStore, 'of' | 'put' | 'remove'>): Extension {
  return defineExtension({
    schema: largeFileConfig,
    load: (tenantIds) => settings.of(tenantIds),
    save: (tenantId, given) => [given === null ? settings.remove(tenantId) : settings.put(tenantId, toConfig(given))],
  });
}
