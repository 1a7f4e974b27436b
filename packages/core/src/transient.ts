// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** So many entries come before it is made anew; more where more are in it, so that each is copied about once. */
const RENEWED_AFTER = 64;

/**
 * A Map for what comes and goes with each message (ADR 37). V8's own lets each table that it replaces keep its entries
 * and the next table: once one of them is old, all that ever passed through the map waits for a full collection.
 */
export class TransientMap<Key, Value> {
  #map = new Map<Key, Value>();
  #added = 0;

  get size(): number {
    return this.#map.size;
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  has(key: Key): boolean {
    return this.#map.has(key);
  }

  set(key: Key, value: Value): void {
    // An empty one may be old as well.
    if (this.#map.size === 0 || this.#added >= Math.max(RENEWED_AFTER, this.#map.size)) {
      this.#map = new Map(this.#map);
      this.#added = 0;
    }
    this.#added += 1;
    this.#map.set(key, value);
  }

  delete(key: Key): boolean {
    return this.#map.delete(key);
  }

  clear(): void {
    this.#map.clear();
  }

  /** In the order in which they came. Who adds meanwhile may have been at the end of them. */
  entries(): MapIterator<[Key, Value]> {
    return this.#map.entries();
  }

  /** As {@link entries}. */
  keys(): MapIterator<Key> {
    return this.#map.keys();
  }

  /** As {@link entries}. */
  values(): MapIterator<Value> {
    return this.#map.values();
  }
}

/** A Set for what comes and goes with each message: see {@link TransientMap}. */
export class TransientSet<Value> {
  readonly #map = new TransientMap<Value, true>();

  get size(): number {
    return this.#map.size;
  }

  has(value: Value): boolean {
    return this.#map.has(value);
  }

  add(value: Value): void {
    this.#map.set(value, true);
  }

  delete(value: Value): boolean {
    return this.#map.delete(value);
  }

  clear(): void {
    this.#map.clear();
  }

  /** In the order in which they came. Who adds meanwhile may have been at the end of them. */
  values(): MapIterator<Value> {
    return this.#map.keys();
  }
}
