// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Gate } from '../queue/lane-gates.ts';
import type { Lane } from './lane.ts';

export interface LaneDoorsServices {
  readonly clock: Clock;
  /** What keeps a lane from sending at `now`; empty where nothing does. */
  readonly readGates: (lane: Lane, now: number) => Promise<readonly Gate[]>;
  /** A closed lane may send again. */
  readonly onOpen: (lane: Lane) => void;
  /** A reading found that a lane may not send, whether or not it was closed before. */
  readonly onShut: (lane: Lane) => void;
}

interface Closure {
  readonly gates: readonly Gate[];
  /** Looks again when the last of the gates is due to open. */
  timer: Disposable | null;
}

/**
 * Which lanes may not send now, and until when. A closed lane is not claimed from: its messages lie in the ready
 * index untouched, and it comes back by itself at the time at which it may send again. The gates themselves are read
 * from the database by the same function that explains to a tenant what its mail waits for; the claim checks them too,
 * so that they hold for every instance.
 */
export class LaneDoors {
  readonly #s: LaneDoorsServices;
  readonly #closures = new Map<Lane, Closure>();
  /** The reading of a lane that is under way, and the one that comes after it. */
  readonly #checks = new Map<Lane, Promise<boolean>>();
  readonly #nextChecks = new Map<Lane, Promise<boolean>>();
  #isDisposed = false;

  constructor(services: LaneDoorsServices) {
    this.#s = services;
  }

  isClosed(lane: Lane): boolean {
    return this.#closures.has(lane);
  }

  get closed(): readonly Lane[] {
    return [...this.#closures.keys()];
  }

  /** What keeps the lane from sending. */
  gatesOf(lane: Lane): readonly Gate[] {
    return this.#closures.get(lane)?.gates ?? [];
  }

  /** Whether the lane is closed by a rate limit alone. */
  isOverLimit(lane: Lane): boolean {
    const gates = this.gatesOf(lane);
    return gates.length > 0 && gates.every(({ kind }) => kind === 'rate_limited');
  }

  /**
   * Whether what the account sent alone fills its limit, and nothing else keeps the lane: what is ready now is over the
   * limit for sure. A limit of the tenant is no reason, for `limit_behavior` is the account's.
   */
  hasSpentLimit(lane: Lane): boolean {
    const gates = this.gatesOf(lane);
    return (
      this.isOverLimit(lane) &&
      gates.some((gate) => gate.kind === 'rate_limited' && gate.scope === 'account' && gate.isSpent)
    );
  }

  /**
   * Read the gates of a lane again and open or close it. A reading that is under way may be older than what the call is
   * made for, so another follows it; all calls until then share that one.
   */
  check(lane: Lane): Promise<boolean> {
    const running = this.#checks.get(lane);
    if (running === undefined) return this.#begin(lane);
    let next = this.#nextChecks.get(lane);
    if (next === undefined) {
      const begin = (): Promise<boolean> => {
        this.#nextChecks.delete(lane);
        return this.#begin(lane);
      };
      next = running.then(begin, begin);
      this.#nextChecks.set(lane, next);
    }
    return next;
  }

  /** Forget all; nothing looks again. */
  dispose(): void {
    this.#isDisposed = true;
    for (const { timer } of this.#closures.values()) timer?.[Symbol.dispose]();
    this.#closures.clear();
  }

  #begin(lane: Lane): Promise<boolean> {
    const check = this.#check(lane).finally(() => this.#checks.delete(lane));
    this.#checks.set(lane, check);
    return check;
  }

  async #check(lane: Lane): Promise<boolean> {
    const { clock, readGates, onOpen, onShut } = this.#s;
    const gates = (await readGates(lane, clock.now())).filter(isShut);
    if (this.#isDisposed) return gates.length === 0;
    const before = this.#closures.get(lane);
    before?.timer?.[Symbol.dispose]();
    if (gates.length === 0) {
      this.#closures.delete(lane);
      if (before !== undefined) onOpen(lane);
      return true;
    }
    // To the end, so that who looks at some of the closed lanes comes round to all.
    this.#closures.delete(lane);
    this.#closures.set(lane, { gates, timer: this.#timerFor(lane, gates) });
    onShut(lane);
    return false;
  }

  /** Gates that only a person opens have no time; a change of them is told. */
  #timerFor(lane: Lane, gates: readonly Gate[]): Disposable | null {
    if (gates.some(({ until }) => until === null)) return null;
    const openAt = Math.max(...gates.map(({ until }) => until ?? 0));
    return this.#s.clock.after(Math.max(1, openAt - this.#s.clock.now()), () => {
      void this.check(lane).catch(() => {
        // The database is away: the next scan of the lanes looks again.
      });
    });
  }
}

/** A lane that waits for its probe is open: the one message that goes as the probe is claimed from it. */
function isShut({ kind }: Gate): boolean {
  return kind !== 'account_probe';
}
