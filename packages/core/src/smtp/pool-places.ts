// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { givenUp } from './opening-errors.ts';
import type { HeldPlace } from './pool.types.ts';

/** Somebody who waits for a place. */
interface PlaceCaller {
  readonly maxConnections: number;
  readonly resolve: (place: HeldPlace) => void;
  readonly reject: (error: unknown) => void;
  /** Stop listening to the caller's signal. */
  readonly unlisten: () => void;
}

/**
 * The places of one key that are held for connections which the pool does not open itself, and who waits for one. They
 * count as the key's connections do; the lane decides when there is room.
 */
export class PoolPlaces {
  readonly #onChange: () => void;
  readonly #waiting: PlaceCaller[] = [];
  readonly #held = new Set<HeldPlace>();

  /** @param onChange - told when somebody waits, gives up or gives back */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get held(): number {
    return this.#held.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Connections that who is first in line allows the key to have. */
  get nextMaxConnections(): number | null {
    return this.#waiting[0]?.maxConnections ?? null;
  }

  /** @throws SmtpConnectError of kind `aborted` */
  wait(maxConnections: number, signal?: AbortSignal): Promise<HeldPlace> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(givenUp());
        this.#onChange();
        return;
      }
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(caller), 1);
        reject(givenUp());
        this.#onChange();
      };
      const caller: PlaceCaller = {
        maxConnections,
        resolve,
        reject,
        unlisten: () => signal?.removeEventListener('abort', onAbort),
      };
      this.#waiting.push(caller);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#onChange();
    });
  }

  /** There is room for who is first in line. `closed` aborts when the place must be given up. */
  grant(closed: AbortSignal): void {
    const caller = this.#waiting.shift();
    if (caller === undefined) return;
    caller.unlisten();
    const place: HeldPlace = {
      signal: closed,
      [Symbol.dispose]: () => {
        if (this.#held.delete(place)) this.#onChange();
      },
    };
    this.#held.add(place);
    caller.resolve(place);
  }

  rejectWaiting(): void {
    for (const { unlisten, reject } of this.#waiting.splice(0)) {
      unlisten();
      reject(givenUp());
    }
  }

  /** Count no more what is held, whether or not it is given back. */
  forget(): void {
    this.#held.clear();
  }
}
