// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What an import takes, in the order in which it does. */
export const GENRO_KINDS = [
  'tenants',
  'api_keys',
  'accounts',
  'storages',
  'mailboxes',
  'suspended_batches',
  'waiting_messages',
  'finished_messages',
  'events',
  'commands',
  'settings',
] as const;
export type GenroKind = (typeof GENRO_KINDS)[number];

export interface GenroCount {
  readonly taken: number;
  /** There already, from an earlier run or by hand; left as they are. */
  readonly already_here: number;
  readonly not_taken: number;
}

/** The same said of several rows. */
export interface GenroFinding {
  readonly kind: GenroKind;
  /** For a person; names no secret. */
  readonly reason: string;
  readonly count: number;
  /** Which ones, the first of them. */
  readonly ids: readonly string[];
}

/** Ids that are kept of each finding. */
const MAX_IDS = 1_000;

/** Collects what became of each row. */
export class Findings {
  readonly #counts = new Map<GenroKind, { taken: number; already_here: number; not_taken: number }>();
  readonly #notTaken = new Groups();
  readonly #changed = new Groups();

  taken(kind: GenroKind, count = 1): void {
    this.#of(kind).taken += count;
  }

  alreadyHere(kind: GenroKind, count = 1): void {
    this.#of(kind).already_here += count;
  }

  notTaken(kind: GenroKind, id: string, reason: string): void {
    this.#of(kind).not_taken += 1;
    this.#notTaken.add(kind, id, reason);
  }

  /** It was taken, otherwise than it was. */
  changed(kind: GenroKind, id: string, reason: string): void {
    this.#changed.add(kind, id, reason);
  }

  get counts(): Readonly<Record<GenroKind, GenroCount>> {
    const all = GENRO_KINDS.map((kind) => [kind, { ...this.#of(kind) }] as const);
    // Every kind is there.
    return Object.fromEntries(all) as Record<GenroKind, GenroCount>;
  }

  get reasons(): { readonly not_taken: readonly GenroFinding[]; readonly changed: readonly GenroFinding[] } {
    return { not_taken: this.#notTaken.list, changed: this.#changed.list };
  }

  #of(kind: GenroKind): { taken: number; already_here: number; not_taken: number } {
    const known = this.#counts.get(kind) ?? { taken: 0, already_here: 0, not_taken: 0 };
    this.#counts.set(kind, known);
    return known;
  }
}

class Groups {
  readonly #groups = new Map<
    string,
    { readonly kind: GenroKind; readonly reason: string; count: number; ids: string[] }
  >();

  add(kind: GenroKind, id: string, reason: string): void {
    const key = `${kind} ${reason}`;
    const group = this.#groups.get(key) ?? { kind, reason, count: 0, ids: [] };
    this.#groups.set(key, group);
    group.count += 1;
    if (group.ids.length < MAX_IDS) group.ids.push(id);
  }

  get list(): readonly GenroFinding[] {
    return [...this.#groups.values()].map((group) => ({ ...group, ids: [...group.ids] }));
  }
}
