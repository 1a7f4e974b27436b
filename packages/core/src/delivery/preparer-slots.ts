// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

export interface SlotsInUse {
  /** The tenant of each message that is being worked on. */
  readonly running: readonly string[];
  readonly concurrency: number;
  /** Who begins changes with it, so that nobody is always the last. */
  readonly turn: number;
}

/**
 * Divide the free slots among tenants, by turns. A tenant gets one more only while it has fewer than are free: alone it
 * takes half of them, and whoever comes next finds half of the rest.
 */
export function slotsByTurns(
  tenants: readonly string[],
  { running, concurrency, turn }: SlotsInUse,
): readonly { readonly tenantId: string; readonly quota: number }[] {
  const inUse = new Map<string, number>();
  for (const tenant of running) inUse.set(tenant, (inUse.get(tenant) ?? 0) + 1);
  const quotas = new Map<string, number>();
  let free = concurrency - running.length;
  const first = tenants.length === 0 ? 0 : turn % tenants.length;
  let waiting = [...tenants.slice(first), ...tenants.slice(0, first)];
  while (free > 0 && waiting.length > 0) {
    waiting = waiting.filter((tenant) => {
      const quota = quotas.get(tenant) ?? 0;
      if (free === 0 || (inUse.get(tenant) ?? 0) + quota >= free) return false;
      quotas.set(tenant, quota + 1);
      free -= 1;
      return true;
    });
  }
  return [...quotas].map(([tenantId, quota]) => ({ tenantId, quota }));
}
