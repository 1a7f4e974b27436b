// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Preparing, PreparingMessage } from '../queue/preparing.ts';
import { WakeUp } from '../wake-up.ts';
import { slotsByTurns } from './preparer-slots.ts';

export interface PreparerServices {
  readonly clock: Clock;
  readonly log: Log;
  /** The number of this engine's session. */
  readonly session: () => number;
  readonly preparing: Pick<Preparing, 'tenants' | 'claim' | 'ownedBy' | 'giveBack'>;
  /** Make the message ready, or write why it is not. */
  readonly prepare: (message: PreparingMessage, signal: AbortSignal) => Promise<void>;
  /** Messages at the same time. */
  readonly concurrency: number;
}

/** Messages are looked for this often; acceptance, promotion and other instances tell of nearly all at once. */
const LOOK_EVERY_MS = 15_000;
const PAUSE_AFTER_ERROR_MS = 1_000;

interface Running {
  readonly message: PreparingMessage;
  readonly stop: AbortController;
}

/**
 * Prepares messages that are due: fetches their attachments, so that a slow server holds up no connection to a relay, and
 * lets mixins have a look. Tenants have their turns: one whose servers hang leaves room for the others.
 */
export class Preparer {
  readonly #s: PreparerServices;
  readonly #wake: WakeUp;
  readonly #running = new Map<string, Running>();
  readonly #ends = new Set<Promise<void>>();
  #turn = 0;

  constructor(services: PreparerServices) {
    this.#s = services;
    this.#wake = new WakeUp(services.clock);
  }

  /** Messages whose attachments are being fetched here. */
  get running(): number {
    return this.#running.size;
  }

  /** A message may wait for its attachments. */
  arrived(): void {
    this.#wake.set();
  }

  /** Somebody changed the message: it is not ours any more, whatever is fetched. */
  drop(pk: string): void {
    this.#running.get(pk)?.stop.abort();
  }

  /** Fetch until `signal` aborts; then break off what is under way and give it back: it costs nobody an attempt. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#s;
    while (!signal.aborted) {
      try {
        await this.#giveBackStrays();
        while (!signal.aborted && (await this.#claimRound()));
        await this.#wake.wait(signal, LOOK_EVERY_MS);
      } catch (error) {
        if (isMailProxyError(error)) log.warn({ code: error.code }, 'fetching attachments waits');
        else log.error({ err: error }, 'fetching attachments failed and goes on');
        await clock.sleep(PAUSE_AFTER_ERROR_MS, signal);
      }
    }
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all(this.#ends);
    try {
      await this.#giveBackStrays();
    } catch (error) {
      // They come back with the end of the session.
      log.warn({ err: error }, 'messages whose attachments were being fetched could not be given back');
    }
  }

  /** @returns whether there may be more to claim, and room for it */
  async #claimRound(): Promise<boolean> {
    const { preparing, clock, session, concurrency } = this.#s;
    if (this.#running.size >= concurrency) return false;
    const tenants = await preparing.tenants();
    const quotas = slotsByTurns(tenants, {
      running: [...this.#running.values()].map(({ message }) => message.tenant_id),
      concurrency,
      turn: this.#turn++,
    });
    if (quotas.length === 0) return false;
    const claimed = await preparing.claim(quotas, { session: session(), now: clock.now() });
    for (const message of claimed) this.#start(message);
    return claimed.length > 0;
  }

  #start(message: PreparingMessage): void {
    const { log, prepare } = this.#s;
    const running: Running = { message, stop: new AbortController() };
    this.#running.set(message.pk, running);
    const end = prepare(message, running.stop.signal)
      .catch((error: unknown) => {
        log.error(
          { messagePk: message.pk, tenantId: message.tenant_id, err: error },
          'a message could not be prepared',
        );
      })
      .finally(() => {
        if (this.#running.get(message.pk) === running) this.#running.delete(message.pk);
        this.#ends.delete(end);
        this.#wake.set();
      });
    this.#ends.add(end);
  }

  /** What this session owns and nobody here works on: a claim whose answer was lost, an end that was not written. */
  async #giveBackStrays(): Promise<void> {
    const { preparing, session } = this.#s;
    const owned = await preparing.ownedBy(session());
    await preparing.giveBack(
      owned.filter((pk) => !this.#running.has(pk)),
      session(),
    );
  }
}
