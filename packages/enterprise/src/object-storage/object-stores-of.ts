// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ObjectStores } from './object-store.types.ts';

/** What the mixin `storages` handed out; null where it is not there, or stands later in the list. */
export function objectStoresOf(context: { provided(mixinId: string): unknown }): ObjectStores | null {
  const provided = context.provided('storages');
  return isObjectStores(provided) ? provided : null;
}

function isObjectStores(provided: unknown): provided is ObjectStores {
  const stores: Partial<ObjectStores> = provided instanceof Object ? provided : {};
  return typeof stores.check === 'function' && typeof stores.open === 'function';
}
