// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ClaimedMessage } from '../queue/claim.ts';

/** A message in this engine's hands. */
interface Flight {
  readonly message: ClaimedMessage;
  /** Aborted when it must not be sent: it stops waiting for a connection. */
  readonly stop: AbortController;
  /** MAIL was written: nobody can take it back. */
  hasMailed: boolean;
  isCancelled: boolean;
}

/**
 * What this engine claimed and has not settled, and whether it can still be stopped. MAIL is the point of no return:
 * whoever stops a message before it can be sure that it is never sent.
 */
export class Flights {
  readonly #flights = new Map<string, Flight>();

  get size(): number {
    return this.#flights.size;
  }

  /** A message was claimed. */
  add(message: ClaimedMessage): void {
    this.#flights.set(message.pk, {
      message,
      stop: new AbortController(),
      hasMailed: false,
      isCancelled: false,
    });
  }

  /** It was settled or given back. */
  remove(pk: string): void {
    this.#flights.delete(pk);
  }

  /** Aborts when the message must not be sent any more. */
  signal(pk: string): AbortSignal | null {
    return this.#flights.get(pk)?.stop.signal ?? null;
  }

  /** Whether somebody cancelled it before MAIL. */
  isCancelled(pk: string): boolean {
    return this.#flights.get(pk)?.isCancelled === true;
  }

  /** Asked right before MAIL; from then on it cannot be stopped. @returns false where it was stopped */
  mayMail(pk: string): boolean {
    const flight = this.#flights.get(pk);
    if (flight === undefined || flight.stop.signal.aborted) return false;
    flight.hasMailed = true;
    return true;
  }

  /** @returns true where the message is here and is never going to reach MAIL; false where that can't be promised */
  cancel(pk: string): boolean {
    const flight = this.#flights.get(pk);
    if (flight === undefined || flight.hasMailed) return false;
    flight.isCancelled = true;
    flight.stop.abort();
    return true;
  }

  /** Stop what has not reached MAIL, so that it goes back unsent. */
  drop(matches: (message: ClaimedMessage) => boolean): void {
    for (const flight of this.#flights.values()) {
      if (!flight.hasMailed && matches(flight.message)) flight.stop.abort();
    }
  }
}
