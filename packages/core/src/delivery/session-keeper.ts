// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { RescuedMessage, SessionStore } from '../queue/sessions.ts';
import { WakeUp } from '../wake-up.ts';

export interface SessionKeeperOptions {
  readonly sessions: SessionStore;
  /** Its wall time is that of the database, if others share it. */
  readonly clock: Clock;
  /** Compare that wall time with the database again. */
  readonly syncClock: () => Promise<void>;
  /** The machine's own wall time in milliseconds: unlike the monotonic one it goes on while the machine is suspended. */
  readonly machineTime: () => number;
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
export const BEATS_PER_LEASE = 3;
/** After a failed heartbeat: mail waits for the next one if the lease runs out meanwhile. */
const RETRY_MS = 1_000;

/**
 * Keeps this engine's session alive, and rescues what dead ones held. The session is trusted until a deadline that each
 * heartbeat moves, on the monotonic clock and on the machine's wall clock: a process that was stopped, a machine that
 * was suspended or a clock that was set back never make it live longer than its row says. A clock that was put forward
 * costs a heartbeat.
 */
export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #beatNow: WakeUp;
  #number = 0;
  #deadline = 0;
  #machineDeadline = 0;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
    this.#beatNow = new WakeUp(options.clock);
  }

  /** The epoch of all that this engine writes. */
  get number(): number {
    return this.#number;
  }

  /** Whether mail may still be sent under this session. */
  isAlive(): boolean {
    const { clock, machineTime } = this.#options;
    if (clock.monotonic() >= this.#deadline) return false;
    if (machineTime() < this.#machineDeadline) return true;
    this.#beatNow.set();
    return false;
  }

  /** Begin a session and bring back what dead ones held. */
  async start(): Promise<void> {
    await this.#begin();
    await this.rescue();
  }

  /** Renew until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const pauseMs = this.#options.leaseMs / BEATS_PER_LEASE;
    let isRenewed = true;
    while (!signal.aborted) {
      await this.#beatNow.wait(signal, isRenewed ? pauseMs : Math.min(RETRY_MS, pauseMs));
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
    const { sessions, clock, instance } = this.#options;
    const trust = this.#trustFromNow();
    this.#number = await sessions.start(instance, clock.now());
    trust();
  }

  /** @returns moves the deadline to one lease after this call */
  #trustFromNow(): () => void {
    const { clock, machineTime, leaseMs } = this.#options;
    const deadline = clock.monotonic() + leaseMs;
    const machineDeadline = machineTime() + leaseMs;
    return () => {
      this.#deadline = deadline;
      this.#machineDeadline = machineDeadline;
    };
  }

  /** @returns whether the session may be trusted again for a lease */
  async #beat(): Promise<boolean> {
    const { sessions, clock, log, syncClock } = this.#options;
    try {
      await syncClock();
      const trust = this.#trustFromNow();
      await sessions.heartbeat(this.#number, clock.now());
      trust();
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
