// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ClaimedMessage } from '../queue/claim.ts';
import { Stop, type StopSignal } from '../stop-signal.ts';
import { TransientMap } from '../transient.ts';

/** A message in this engine's hands. */
interface Flight {
  readonly message: ClaimedMessage;
  /** Aborted when it must not be sent: it stops waiting for a connection. */
  readonly stop: Stop;
  /** MAIL was written, or its end is being written: nobody can take it back. */
  isSealed: boolean;
  isCancelled: boolean;
}

/**
 * What this engine claimed and has not settled, and whether it can still be stopped. MAIL is the point of no return:
 * whoever stops a message before it can be sure that it is never sent.
 *
 * Of a message that was taken away, released and claimed again the first claim may still be ending. So who holds a
 * claimed message is told of that claim, never of the one after it.
 */
export class Flights {
  readonly #flights = new TransientMap<string, Flight>();
  #isStopped = false;

  get size(): number {
    return this.#flights.size;
  }

  /** Whether the message is in this engine's hands. */
  has(pk: string): boolean {
    return this.#flights.has(pk);
  }

  /** A message was claimed. */
  add(message: ClaimedMessage): void {
    const stop = new Stop();
    if (this.#isStopped) stop.abort();
    this.#flights.set(message.pk, { message, stop, isSealed: false, isCancelled: false });
  }

  /** It was settled or given back. */
  remove(message: ClaimedMessage): void {
    if (this.#of(message) !== undefined) this.#flights.delete(message.pk);
  }

  /** Aborts when the message must not be sent any more. */
  signal(message: ClaimedMessage): StopSignal | null {
    return this.#of(message)?.stop ?? null;
  }

  /** Whether somebody took it away before MAIL: what becomes of it is not this claim's to say. */
  isCancelled(message: ClaimedMessage): boolean {
    return this.#of(message)?.isCancelled !== false;
  }

  /** Asked right before MAIL; from then on it cannot be stopped. @returns false where it was stopped */
  mayMail(message: ClaimedMessage): boolean {
    const flight = this.#of(message);
    if (flight === undefined || flight.stop.aborted) return false;
    flight.isSealed = true;
    return true;
  }

  /** Asked before its end is written or it is given back; from then on nobody takes it away. @returns false where somebody did */
  seal(message: ClaimedMessage): boolean {
    const flight = this.#of(message);
    if (flight === undefined || flight.isCancelled) return false;
    flight.isSealed = true;
    return true;
  }

  /**
   * Take a message away, to cancel, hold or move it.
   *
   * @returns true where it is here and is never going to reach MAIL; false where that can't be promised
   */
  cancel(pk: string): boolean {
    const flight = this.#flights.get(pk);
    if (flight === undefined || flight.isSealed || flight.isCancelled) return false;
    flight.isCancelled = true;
    flight.stop.abort();
    return true;
  }

  /** Stop what has not reached MAIL, so that it goes back unsent. */
  drop(matches: (message: ClaimedMessage) => boolean): void {
    for (const flight of this.#flights.values()) {
      if (!flight.isSealed && matches(flight.message)) flight.stop.abort();
    }
  }

  /** Nothing waits for a connection any more, whatever is claimed from now on. */
  stopAll(): void {
    this.#isStopped = true;
    for (const { stop } of this.#flights.values()) stop.abort();
  }

  #of(message: ClaimedMessage): Flight | undefined {
    const flight = this.#flights.get(message.pk);
    return flight?.message === message ? flight : undefined;
  }
}
