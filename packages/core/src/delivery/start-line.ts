// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Lane } from './lane.ts';
import { Turns } from './turns.ts';

/**
 * The lanes of which a claimed message may start, by turns. While only immediate messages may start, the others are
 * not asked, so that they keep their turns: a lane that was passed over again and again would lose what its weight
 * gives to others.
 */
export class StartLine {
  readonly #all = new Turns<Lane>();
  /** Lanes of which an immediate message may start. */
  readonly #immediate = new Turns<Lane>();

  /** What the lane has claimed or is sending changed. */
  update(lane: Lane): void {
    if (lane.buffered.length === 0) this.#all.remove(lane);
    else this.#all.add(lane);
    if (lane.canStartImmediate) this.#immediate.add(lane);
    else this.#immediate.remove(lane);
  }

  /** Whose turn it is; it has to be put back by {@link update}. */
  take(immediateOnly: boolean): Lane | undefined {
    return immediateOnly ? this.#immediate.take() : this.#all.take();
  }
}
