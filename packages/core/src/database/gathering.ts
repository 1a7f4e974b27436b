// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError } from '../errors.ts';
import { CommitInDoubt, type Database } from './database.ts';
import type { Statement, StatementResult } from './statement.ts';

/** What writes several items at once, and how its results tell what became of each. */
export interface GatheredUnit<Item, Result> {
  readonly statements: readonly Statement[];
  /** May throw: then that item's caller is told, and no other. */
  readonly outcome: (results: readonly StatementResult[]) => (item: Item) => Result;
  /** Nobody knows whether the unit was committed; the item's caller is told so next. */
  readonly onDoubt?: (item: Item) => void;
}

export interface GatheringOptions<Item, Result> {
  readonly unit: (items: readonly Item[]) => GatheredUnit<Item, Result>;
  /** Two items of one key never share a unit: the later one goes in the next. */
  readonly keyOf: (item: Item) => string;
  /** About how many bytes it adds to the unit's parameters. @defaultValue 0 */
  readonly sizeOf?: (item: Item) => number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Items in one unit at most. */
const MAX_ITEMS = 1_000;
/** Bytes after which a unit takes no more: its parameters exist several times on their way to the disk. */
const MAX_SIZE = 8 * 1024 * 1024;

/**
 * Writes of one kind that wait for the writer go as one unit, with statements for all of them. Nobody waits for
 * company: a lone item goes as soon as the writer is free, and each promise settles with the commit of its own item.
 * When the database refuses a row of the unit, each item goes again by itself, so that one harms no other.
 */
export class Gathering<Item, Result> {
  readonly #db: Pick<Database<unknown>, 'writeLate'>;
  readonly #options: GatheringOptions<Item, Result>;
  /** What the next unit takes; null when there is none that waits. */
  #open: Map<string, Waiting<Item, Result>> | null = null;
  #size = 0;

  constructor(db: Pick<Database<unknown>, 'writeLate'>, options: GatheringOptions<Item, Result>) {
    this.#db = db;
    this.#options = options;
  }

  /** Resolves once the item is committed and synced. */
  write(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const key = this.#options.keyOf(item);
      const size = this.#options.sizeOf?.(item) ?? 0;
      const members = this.#open === null || !this.#hasRoom(this.#open, key, size) ? this.#begin() : this.#open;
      members.set(key, { item, resolve, reject });
      this.#size += size;
    });
  }

  #hasRoom(members: ReadonlyMap<string, unknown>, key: string, size: number): boolean {
    return members.size < MAX_ITEMS && this.#size + size <= MAX_SIZE && !members.has(key);
  }

  #begin(): Map<string, Waiting<Item, Result>> {
    const members = new Map<string, Waiting<Item, Result>>();
    this.#open = members;
    this.#size = 0;
    void this.#run(members);
    return members;
  }

  async #run(members: ReadonlyMap<string, Waiting<Item, Result>>): Promise<void> {
    let outcomeOf: (item: Item) => Result;
    try {
      outcomeOf = await this.#writeAll(members);
    } catch (error) {
      const isOfOne = members.size > 1 && !isMailProxyError(error);
      for (const [key, member] of members) {
        if (isOfOne) void this.#run(new Map([[key, member]]));
        else member.reject(error);
      }
      return;
    }
    for (const { item, resolve, reject } of members.values()) {
      try {
        resolve(outcomeOf(item));
      } catch (error) {
        reject(error);
      }
    }
  }

  async #writeAll(members: ReadonlyMap<string, Waiting<Item, Result>>): Promise<(item: Item) => Result> {
    let made: GatheredUnit<Item, Result> | undefined;
    let results: readonly StatementResult[];
    try {
      results = await this.#db.writeLate(() => {
        if (this.#open === members) this.#open = null;
        made = this.#options.unit([...members.values()].map(({ item }) => item));
        return made.statements;
      });
    } catch (error) {
      if (error instanceof CommitInDoubt) for (const { item } of members.values()) made?.onDoubt?.(item);
      throw error;
    }
    if (made === undefined) throw new Error('a unit was written that nobody made');
    return made.outcome(results);
  }
}
