// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Something that takes turns: a lane, which belongs to a tenant. */
export interface TurnTaker {
  readonly tenantId: string;
  /** Turns in a row that it gets within its tenant; 1 if absent. */
  readonly weight?: number;
  /** Turns in a row that its tenant gets; 1 if absent. */
  readonly tenantWeight?: number;
}

/** The lanes of one tenant, in the order of their next turn; a Set keeps insertion order. */
interface TenantLine<Lane> {
  readonly lanes: Set<Lane>;
  /** Whose turn goes on while it has credit. */
  current: Lane | null;
  credit: number;
}

/**
 * Deficit round-robin over tenants, then over the lanes of each, every turn of the same cost: a tenant of ten thousand
 * lanes gets as many turns as a tenant of one. Who has a weight gets that many turns in a row. Every call costs the
 * same, however many wait.
 */
export class Turns<Lane extends TurnTaker> {
  readonly #tenants = new Map<string, TenantLine<Lane>>();
  /** The tenant whose turn goes on while it has credit, also when its only lane left the line for a moment. */
  #current: { readonly tenantId: string; readonly line: TenantLine<Lane>; credit: number } | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Stand in line; no effect if it stands there already. */
  add(lane: Lane): void {
    let line = this.#tenants.get(lane.tenantId);
    if (line === undefined) {
      const current = this.#current;
      line = current?.tenantId === lane.tenantId ? current.line : { lanes: new Set<Lane>(), current: null, credit: 0 };
      this.#tenants.set(lane.tenantId, line);
    }
    if (line.lanes.has(lane)) return;
    line.lanes.add(lane);
    this.#size += 1;
  }

  /** Leave the line. */
  remove(lane: Lane): void {
    const line = this.#tenants.get(lane.tenantId);
    if (line?.lanes.delete(lane) !== true) return;
    this.#size -= 1;
    if (line.lanes.size === 0) this.#tenants.delete(lane.tenantId);
  }

  /** The lane whose turn it is leaves the line; its tenant goes to the end once its credit is used up. */
  take(): Lane | undefined {
    const turn = this.#nextTenant();
    if (turn === null) return undefined;
    const { tenantId, line } = turn;
    const lane = nextLane(line);
    this.#size -= 1;
    turn.credit -= 1;
    this.#tenants.delete(tenantId);
    if (line.lanes.size > 0) this.#tenants.set(tenantId, line);
    return lane;
  }

  #nextTenant(): { readonly tenantId: string; readonly line: TenantLine<Lane>; credit: number } | null {
    const current = this.#current;
    if (current !== null && current.credit > 0 && current.line.lanes.size > 0) return current;
    for (const [tenantId, line] of this.#tenants) {
      const [first] = line.lanes;
      this.#current = { tenantId, line, credit: first?.tenantWeight ?? 1 };
      return this.#current;
    }
    return null;
  }
}

/** A line in the map is never empty. */
function nextLane<Lane extends TurnTaker>(line: TenantLine<Lane>): Lane | undefined {
  const { current } = line;
  if (current !== null && line.credit > 0 && line.lanes.delete(current)) {
    line.credit -= 1;
    return current;
  }
  const [lane] = line.lanes;
  if (lane === undefined) return undefined;
  line.lanes.delete(lane);
  line.current = lane;
  line.credit = (lane.weight ?? 1) - 1;
  return lane;
}
