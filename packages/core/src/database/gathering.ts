// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import { CommitInDoubt, type Database, RowsLocked } from './database.ts';
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
  /** A unit waits so long at most for the items that its own say are about to come. @defaultValue it does not wait */
  readonly company?: { readonly clock: Clock; readonly maxWaitMs: number };
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** What goes as one unit. */
class Members<Item, Result> {
  readonly byKey = new Map<string, Waiting<Item, Result>>();
  size = 0;
  /** How many there are to be before the unit goes. */
  expected = 1;
  /** Ends the wait for them. */
  complete: (() => void) | null = null;

  static of<Item, Result>(key: string, member: Waiting<Item, Result>): Members<Item, Result> {
    const members = new Members<Item, Result>();
    members.byKey.set(key, member);
    return members;
  }

  hasRoom(key: string, size: number): boolean {
    return this.byKey.size < MAX_ITEMS && this.size + size <= MAX_SIZE && !this.byKey.has(key);
  }
}

/** Items in one unit at most. */
const MAX_ITEMS = 1_000;
/** Bytes after which a unit takes no more: its parameters exist several times on their way to the disk. */
const MAX_SIZE = 8 * 1024 * 1024;

/**
 * Writes of one kind that wait for the writer go as one unit, with statements for all of them. Nobody waits for
 * company: a lone item goes as soon as the writer is free, and each promise settles with the commit of its own item.
 * When the database refuses a row of the unit, or somebody holds one, each item goes again by itself, so that one harms
 * no other.
 */
export class Gathering<Item, Result> {
  readonly #db: Pick<Database<unknown>, 'writeLate'>;
  readonly #options: GatheringOptions<Item, Result>;
  /** What the next unit takes; null when there is none that waits. */
  #open: Members<Item, Result> | null = null;

  constructor(db: Pick<Database<unknown>, 'writeLate'>, options: GatheringOptions<Item, Result>) {
    this.#db = db;
    this.#options = options;
  }

  /**
   * Resolves once the item is committed and synced.
   *
   * @param expected - items that are about to come, this one counted in: whether the unit waits a moment for company
   */
  write(item: Item, expected = 1): Promise<Result> {
    return new Promise((resolve, reject) => {
      const key = this.#options.keyOf(item);
      const size = this.#options.sizeOf?.(item) ?? 0;
      const open = this.#open?.hasRoom(key, size) === true ? this.#open : null;
      // What there is no more room in waits for nobody.
      if (open === null) this.#open?.complete?.();
      const members = open ?? new Members<Item, Result>();
      this.#open = members;
      members.byKey.set(key, { item, resolve, reject });
      members.size += size;
      members.expected = expected;
      if (open === null) void this.#run(members);
      else if (members.byKey.size >= expected) members.complete?.();
    });
  }

  async #run(members: Members<Item, Result>): Promise<void> {
    let outcomeOf: (item: Item) => Result;
    try {
      if (members.expected > members.byKey.size) await this.#companyOf(members);
      outcomeOf = await this.#writeAll(members);
    } catch (error) {
      const isOfOne = members.byKey.size > 1 && (!isMailProxyError(error) || error instanceof RowsLocked);
      for (const [key, member] of members.byKey) {
        if (isOfOne) void this.#run(Members.of(key, member));
        else member.reject(error);
      }
      return;
    }
    for (const { item, resolve, reject } of members.byKey.values()) {
      try {
        resolve(outcomeOf(item));
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Resolves when those that are expected have come, or have kept it waiting for too long. */
  async #companyOf(members: Members<Item, Result>): Promise<void> {
    const { company } = this.#options;
    if (company === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    members.complete = resolve;
    using _ = company.clock.after(company.maxWaitMs, resolve);
    await promise;
    members.complete = null;
  }

  async #writeAll(members: Members<Item, Result>): Promise<(item: Item) => Result> {
    let made: GatheredUnit<Item, Result> | undefined;
    let results: readonly StatementResult[];
    try {
      results = await this.#db.writeLate(() => {
        if (this.#open === members) this.#open = null;
        made = this.#options.unit([...members.byKey.values()].map(({ item }) => item));
        return made.statements;
      });
    } catch (error) {
      if (error instanceof CommitInDoubt) for (const { item } of members.byKey.values()) made?.onDoubt?.(item);
      throw error;
    }
    if (made === undefined) throw new Error('a unit was written that nobody made');
    return made.outcome(results);
  }
}
