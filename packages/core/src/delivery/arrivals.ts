// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Flights } from './flights.ts';

export interface ArrivalsServices {
  readonly dispatcher: Pick<Dispatcher, 'expects' | 'arrived'>;
  readonly flights: Pick<Flights, 'has'>;
}

/**
 * Tells the dispatcher of accepted messages, twice. While the message waits for the writer, a lane that has little to do
 * claims at once: the claim stands behind the message and shares its commit, which spares a lone message half its way
 * to the relay. What was not claimed so is announced after its commit.
 */
export class Arrivals {
  readonly #s: ArrivalsServices;
  readonly #stored: MessageDraft['message'][] = [];

  constructor(services: ArrivalsServices) {
    this.#s = services;
  }

  /** The message waits for the writer. */
  queued({ message }: MessageDraft): void {
    const isReady = message.eligible_at <= message.created_at && message.unfetched === 0;
    if (isReady) this.#s.dispatcher.expects(...laneOf(message));
  }

  /** The message is on disk and ready. */
  stored({ message }: MessageDraft): void {
    this.#stored.push(message);
    // A claim in the same commit has told by then what it took.
    if (this.#stored.length === 1) setImmediate(() => this.#announce());
  }

  #announce(): void {
    for (const message of this.#stored.splice(0)) {
      if (!this.#s.flights.has(message.pk)) this.#s.dispatcher.arrived(...laneOf(message));
    }
  }
}

function laneOf({ account_pk: accountPk, tenant_id: tenantId, priority }: MessageDraft['message']) {
  return [{ accountPk, tenantId }, priority === 0] as const;
}
