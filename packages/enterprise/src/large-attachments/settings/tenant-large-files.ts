// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineExtension, type Extension, invalidInput } from '@mail-proxy/core';
import type { ObjectStores } from '../../object-storage/object-store.types.ts';
import { type LargeFileConfig, largeFileConfig, toConfig } from './large-file-config.ts';
import type { LargeFileSettingsStore } from './settings.store.ts';

export interface TenantLargeFilesParts {
  readonly settings: Pick<LargeFileSettingsStore, 'of' | 'put' | 'remove'>;
  /** Null where there are no storages. */
  readonly stores: Pick<ObjectStores, 'check'> | null;
  /** What links begin with where the tenant names nothing; null for none. */
  readonly publicUrl: string | null;
}

/** The settings as a field of the tenant, replaced as a whole; null ends them. */
export function tenantLargeFiles({ settings, stores, publicUrl }: TenantLargeFilesParts): Extension {
  const problemOf = (config: LargeFileConfig, tenantId: string): string | null => {
    const { storage_url: storageUrl, public_base_url } = config;
    if (storageUrl === null) return null;
    const problem = stores === null ? 'there are no storages here' : stores.check(storageUrl, tenantId);
    if (problem !== null) return problem;
    // Nothing in a folder is reached but through here.
    const isReachable = !storageUrl.startsWith('file:') || (public_base_url ?? publicUrl) !== null;
    return isReachable ? null : 'expected public_base_url with files in a folder, as links to them lead through here';
  };
  return defineExtension({
    schema: largeFileConfig,
    load: (tenantIds) => settings.of(tenantIds),
    save(tenantId, given) {
      if (given === null) return [settings.remove(tenantId)];
      const config = toConfig(given);
      const message = problemOf(config, tenantId);
      if (message !== null) throw invalidInput([{ pointer: '/large_file_config/storage_url', message }]);
      return [settings.put(tenantId, config)];
    },
  });
}
