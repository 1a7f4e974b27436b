// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A place for one connection. */
export interface Slot extends Disposable {
  /** Resolves when somebody else needs a place: a connection that only waits for mail gives its own up. */
  readonly wanted: Promise<void>;
}

interface Held {
  readonly tenantId: string | null;
  readonly ask: () => void;
  readonly wanted: Promise<void>;
  isAsked: boolean;
}

interface Waiter {
  readonly tenantId: string | null;
  readonly give: (held: Held | null) => void;
  /** Whose place it asked for. */
  asked: Held | null;
}

/**
 * So many connections at a time, given out in the order in which they were asked for. No tenant has more than half of
 * them, so that servers which take their time cost the mailboxes of others no turn.
 */
export class ConnectionSlots {
  readonly #max: number;
  readonly #share: number;
  readonly #held = new Set<Held>();
  /** By whoever came first; somebody who gives up is gone from it at once. */
  readonly #waiting = new Set<Waiter>();

  constructor(max: number) {
    this.#max = max;
    this.#share = Math.max(1, Math.floor(max / 2));
  }

  /** Connections that are in use. */
  get used(): number {
    return this.#held.size;
  }

  /**
   * Wait for a place; null when `signal` aborts first.
   *
   * @param tenantId - whose mailbox it is; null for the operator's
   */
  async take(tenantId: string | null, signal: AbortSignal): Promise<Slot | null> {
    if (signal.aborted) return null;
    const { promise, resolve: give } = Promise.withResolvers<Held | null>();
    const waiter: Waiter = { tenantId, give, asked: null };
    const onAbort = (): void => {
      if (this.#waiting.delete(waiter)) give(null);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(waiter);
    this.#serve();
    const held = await promise;
    signal.removeEventListener('abort', onAbort);
    if (held === null) return null;
    if (signal.aborted) {
      this.#release(held);
      return null;
    }
    return { wanted: held.wanted, [Symbol.dispose]: () => this.#release(held) };
  }

  #release(held: Held): void {
    if (this.#held.delete(held)) this.#serve();
  }

  #serve(): void {
    for (const waiter of this.#waiting) {
      if (this.#held.size >= this.#max) break;
      if (this.#hasShare(waiter)) continue;
      const { promise: wanted, resolve: ask } = Promise.withResolvers<void>();
      const held: Held = { tenantId: waiter.tenantId, ask, wanted, isAsked: false };
      this.#waiting.delete(waiter);
      this.#held.add(held);
      waiter.give(held);
    }
    this.#ask();
  }

  /** Each that waits asks for one place: that of whoever has it for the longest time, of its own tenant if it must be. */
  #ask(): void {
    const asked = new Set<Held>();
    for (const waiter of this.#waiting) {
      if (waiter.asked !== null && this.#held.has(waiter.asked)) asked.add(waiter.asked);
      else waiter.asked = null;
    }
    for (const waiter of this.#waiting) {
      if (asked.size >= this.#held.size) break;
      if (waiter.asked !== null) continue;
      const isOwn = this.#hasShare(waiter);
      const able = [...this.#held].filter((held) => !asked.has(held) && (!isOwn || held.tenantId === waiter.tenantId));
      // Somebody whose place comes from elsewhere now may have asked for it.
      const held = able.find(({ isAsked }) => isAsked) ?? able[0];
      if (held === undefined) continue;
      waiter.asked = held;
      asked.add(held);
      if (held.isAsked) continue;
      held.isAsked = true;
      held.ask();
    }
  }

  #hasShare({ tenantId }: Waiter): boolean {
    let count = 0;
    for (const held of this.#held) if (held.tenantId === tenantId) count += 1;
    return count >= this.#share;
  }
}
