// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** Something that takes turns: a lane, which belongs to a tenant. */
export interface TurnTaker {
  readonly tenantId: string;
}

/**
 * Round-robin over tenants, then over the lanes of each: a tenant of ten thousand lanes gets as many turns as a tenant of
 * one. Every call costs the same, however many wait.
 */
export class Turns<Lane extends TurnTaker> {
  /** Both levels are in the order of their next turn; a Set keeps insertion order. */
  readonly #tenants = new Map<string, Set<Lane>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Stand in line; no effect if it stands there already. */
  add(lane: Lane): void {
    let lanes = this.#tenants.get(lane.tenantId);
    if (lanes === undefined) {
      lanes = new Set();
      this.#tenants.set(lane.tenantId, lanes);
    }
    if (lanes.has(lane)) return;
    lanes.add(lane);
    this.#size += 1;
  }

  /** Leave the line. */
  remove(lane: Lane): void {
    const lanes = this.#tenants.get(lane.tenantId);
    if (lanes?.delete(lane) !== true) return;
    this.#size -= 1;
    if (lanes.size === 0) this.#tenants.delete(lane.tenantId);
  }

  /** The lane whose turn it is leaves the line; its tenant goes to the end. */
  take(): Lane | undefined {
    for (const [tenantId, lanes] of this.#tenants) {
      const [lane] = lanes;
      if (lane === undefined) continue;
      lanes.delete(lane);
      this.#size -= 1;
      this.#tenants.delete(tenantId);
      if (lanes.size > 0) this.#tenants.set(tenantId, lanes);
      return lane;
    }
    return undefined;
  }
}
