// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MixinOutgoing } from '@mail-proxy/core';
import type { ObjectStore } from '../object-storage/object-store.types.ts';
import type { CloudKind } from '../object-storage/storage-url.ts';
import { CLOUDS } from './clouds.ts';
import type { OpenStores } from './open-stores.ts';

export interface TenantStoreRequest {
  readonly protocol: CloudKind;
  /** Found right. */
  readonly config: unknown;
  readonly tenantId: string;
  readonly prefix: string;
}

/** Storages that tenants set up, with their own credentials. */
export interface TenantStores {
  open(request: TenantStoreRequest): Promise<ObjectStore>;
}

export function createTenantStores(opened: OpenStores, outgoing: Pick<MixinOutgoing, 'addressesOf'>): TenantStores {
  return {
    open: ({ protocol, config, tenantId, prefix }) =>
      opened.get({ tenantId, settings: { protocol, config, prefix } }, () =>
        CLOUDS[protocol].open(config, { prefix, addressesOf: (host) => outgoing.addressesOf(host, tenantId) }),
      ),
  };
}
