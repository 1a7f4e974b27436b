// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Gate } from '../queue/lane-gates.ts';
import type { LaneKey } from '../queue/lanes.ts';

export interface DispatchWatchParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Rises with each message that the dispatcher claims, begins or lets go on when it is due. */
  readonly progress: () => number;
  /** Whether nothing that the dispatcher knows of keeps it from claiming from this lane. */
  readonly mayClaim: (lane: LaneKey) => boolean;
  /** Lanes with a ready message, as the database has them. */
  readonly findLanes: () => Promise<readonly LaneKey[]>;
  /** What keeps a lane from sending, as the database has it. */
  readonly readGates: (lane: LaneKey, now: number) => Promise<readonly Gate[]>;
  /** When the first of the deferred messages is or was due. */
  readonly nextDueAt: () => Promise<number | null>;
}

/** What stands still for so long although it could go stands still for no good reason. */
const STALLED_MS = 60_000;
/** Small beside the time in which /readyz has to know, ten seconds. */
const LOOK_MS = 5_000;
/** Lanes of which the gates are read in one look. */
const MAX_LANES = 20;

/**
 * Looks whether the dispatcher does its work, by what the database says there is to do: mail is due, nothing keeps its
 * lane, and yet nothing is claimed. While anything moves it costs nothing.
 */
export class DispatchWatch {
  readonly #p: DispatchWatchParts;
  /** Since when nothing moves that should, monotonic; null while it does. */
  #since: number | null = null;
  #isStalled = false;

  constructor(parts: DispatchWatchParts) {
    this.#p = parts;
  }

  /** Whether nothing moved for a minute that should have. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#p;
    let seen = this.#p.progress();
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal);
      const now = this.#p.progress();
      await this.#judge(now !== seen);
      seen = now;
    }
  }

  async #judge(isMoving: boolean): Promise<void> {
    const { clock, log } = this.#p;
    const at = clock.monotonic();
    let isDue: boolean;
    try {
      isDue = !isMoving && (await this.#hasWork());
    } catch (error) {
      if (!isMailProxyError(error)) log.error({ err: error }, 'what the dispatcher has to do could not be read');
      // That of the database is another trouble, and nothing is known of this one.
      return;
    }
    this.#since = isDue ? (this.#since ?? at) : null;
    const isStalled = this.#since !== null && clock.monotonic() - this.#since >= STALLED_MS;
    if (isStalled === this.#isStalled) return;
    this.#isStalled = isStalled;
    if (isStalled) log.error({}, 'mail is due and free to go, and none is claimed');
    else log.info({}, 'mail is claimed again');
  }

  async #hasWork(): Promise<boolean> {
    const { clock, nextDueAt, findLanes, mayClaim, readGates } = this.#p;
    const dueAt = await nextDueAt();
    if (dueAt !== null && dueAt < clock.now() - STALLED_MS) return true;
    for (const lane of (await findLanes()).filter(mayClaim).slice(0, MAX_LANES)) {
      if ((await readGates(lane, clock.now())).length === 0) return true;
    }
    return false;
  }
}
