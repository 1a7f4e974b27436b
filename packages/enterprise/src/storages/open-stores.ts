// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ObjectStore } from '../object-storage/object-store.types.ts';
import type { OpenStore } from '../object-storage/open-s3.ts';

/** Clients of storages that are kept, each with its connections and some MiB of an SDK's. */
const MAX_OPEN = 100;

/** Whose store it is, and all by which it differs from others. */
export interface StoreIdentity {
  /** Null: of the instance. No two share a store, whatever else they have in common. */
  readonly tenantId: string | null;
  readonly settings: unknown;
}

/** Stores that are open, by what they were opened with: changed credentials open another one. */
export class OpenStores {
  /** Somebody may still be reading from one that is dropped: only what is idle is closed with it. */
  readonly #stores = new LRUCache<string, Promise<OpenStore>>({
    max: MAX_OPEN,
    dispose: (dropped) => void dropped.then((store) => store.close()).catch(() => undefined),
  });

  async get(identity: StoreIdentity, open: () => Promise<OpenStore>): Promise<ObjectStore> {
    // Secrets are no keys: those get around.
    const key = createHash('sha256')
      .update(JSON.stringify([identity.tenantId, identity.settings]))
      .digest('base64');
    const opening = this.#stores.get(key) ?? open();
    if (!this.#stores.has(key)) this.#stores.set(key, opening);
    try {
      return (await opening).store;
    } catch (error) {
      this.#stores.delete(key);
      throw error;
    }
  }

  /** Cut the connections that nobody uses. */
  clear(): void {
    this.#stores.clear();
  }
}
