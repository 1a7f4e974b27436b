// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { RescuedMessage, SessionStore } from '../queue/sessions.ts';

export interface SessionKeeperOptions {
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly instance: string;
  readonly leaseMs: number;
  /** Nobody else can have the database open, so all other sessions are dead. */
  readonly isExclusive: boolean;
  /** Messages of dead sessions were taken back. */
  readonly onRescued: (messages: readonly RescuedMessage[]) => void;
}

/** Messages brought back in one unit of work: bounds how long a start or a scan holds the writer. */
const RESCUE_BATCH = 500;

/** Heartbeats in one lease: two may fail before the session stops sending. */
const BEATS_PER_LEASE = 3;
/** After a failed heartbeat: mail waits for the next one if the lease runs out meanwhile. */
const RETRY_MS = 1_000;

/**
 * Keeps this engine's session alive, and rescues what dead ones held. The session is trusted until a monotonic
 * deadline that each heartbeat moves, so that neither a jump of the wall clock nor a stopped process makes it live
 * longer than its row says.
 */
export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  #number = 0;
  #deadline = 0;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
  }

  /** The epoch of all that this engine writes. */
  get number(): number {
    return this.#number;
  }

  /** Whether mail may still be sent under this session. */
  isAlive(): boolean {
    return this.#options.clock.monotonic() < this.#deadline;
  }

  /** Begin a session and bring back what dead ones held. */
  async start(): Promise<void> {
    await this.#begin();
    await this.rescue();
  }

  /** Renew until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, leaseMs } = this.#options;
    const pauseMs = leaseMs / BEATS_PER_LEASE;
    let isRenewed = true;
    while (!signal.aborted) {
      await clock.sleep(isRenewed ? pauseMs : Math.min(RETRY_MS, pauseMs), signal);
      if (signal.aborted) return;
      isRenewed = await this.#beat();
    }
  }

  /** End the session; what it still holds is for others to rescue. */
  async end(): Promise<void> {
    this.#deadline = 0;
    await this.#options.sessions.end(this.#number, this.#options.clock.now());
  }

  /** Bring back to their lanes what dead sessions hold. */
  async rescue(): Promise<void> {
    const { sessions, clock, log, leaseMs, isExclusive, onRescued } = this.#options;
    const before = isExclusive ? Number.MAX_SAFE_INTEGER : clock.now() - leaseMs;
    for (const dead of await sessions.findDead(this.#number, before)) {
      await sessions.end(dead, clock.now());
      for (;;) {
        const messages = await sessions.rescue(dead, { now: clock.now(), limit: RESCUE_BATCH });
        if (messages.length === 0) break;
        log.warn({ session: dead, messages: messages.length }, 'messages of a dead session were taken back');
        onRescued(messages);
      }
    }
  }

  async #begin(): Promise<void> {
    const { sessions, clock, instance, leaseMs } = this.#options;
    const startedAt = clock.monotonic();
    this.#number = await sessions.start(instance, clock.now());
    this.#deadline = startedAt + leaseMs;
  }

  /** @returns whether the session may be trusted again for a lease */
  async #beat(): Promise<boolean> {
    const { sessions, clock, log, leaseMs } = this.#options;
    const startedAt = clock.monotonic();
    try {
      await sessions.heartbeat(this.#number, clock.now());
      this.#deadline = startedAt + leaseMs;
      await this.rescue();
      return true;
    } catch (error) {
      if (!isMailProxyError(error, 'lease_lost')) {
        log.error({ session: this.#number, err: error }, 'the heartbeat failed');
        return false;
      }
    }
    log.error({ session: this.#number }, 'the session was ended by another instance; beginning a new one');
    try {
      await this.#begin();
      return true;
    } catch (error) {
      log.error({ err: error }, 'no new session');
      return false;
    }
  }
}
