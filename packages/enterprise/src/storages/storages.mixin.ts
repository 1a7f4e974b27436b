// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin } from '@mail-proxy/core';
import { createCloudBackend } from './cloud-backend.ts';
import { createInstanceStores } from './instance-stores.ts';
import { createObjectStores } from './object-stores.ts';
import { OpenStores } from './open-stores.ts';
import { storagesConfig } from './storages-config.ts';
import { createTenantStores } from './tenant-stores.ts';

/** Storages in clouds: attachments come from them, and mixins put objects there. Nothing of an SDK is loaded before. */
export const storages = defineMixin({
  id: 'storages',
  contract: 1,
  setup({ config, outgoing, storages: named, makePk }) {
    const { fileRoots } = storagesConfig(config);
    const opened = new OpenStores();
    const tenants = createTenantStores(opened, outgoing);
    const instance = createInstanceStores(opened, process.env);
    return {
      storages: [
        createCloudBackend('s3', tenants),
        createCloudBackend('gcs', tenants),
        createCloudBackend('azure', tenants),
      ],
      provides: createObjectStores({ instance, tenants, storages: named, fileRoots, makePk }),
      async run(signal) {
        if (!signal.aborted) {
          const { promise, resolve } = Promise.withResolvers<void>();
          signal.addEventListener('abort', () => resolve(), { once: true });
          await promise;
        }
        opened.clear();
      },
    };
  },
});
