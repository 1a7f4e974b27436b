// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { CapturedMailStore, CapturedRoom } from '../entities/captured-mail/captured-mail.store.ts';

export interface CapturedRoomParts {
  readonly clock: Clock;
  readonly mails: Pick<CapturedMailStore, 'trim' | 'removeOlder' | 'removeOfGone' | 'tenants'>;
  readonly room: CapturedRoom;
  /** How long it is kept, in milliseconds; null until there is too much. */
  readonly keptMs: number | null;
}

/** How long a tenant may have more than its room. */
export const TRIM_MS = 1_000;
const REMOVED_AT_ONCE = 100;
/** Age is looked at this often. */
const AGE_MS = 60_000;
/** Messages at which is looked each time, whether they are still there: some milliseconds. */
const LOOKED_AT_ONCE = 1_000;

/** Keeps what sandboxes captured within its room. Where nothing is captured it asks nothing of the database but once a minute. */
export class CapturedRoomKeeper {
  readonly #p: CapturedRoomParts;
  /** Tenants that may have too much; at the start all of them, as an earlier process may have died over it. */
  #grown: Set<string> | 'any' = 'any';
  #agedAt = Number.NEGATIVE_INFINITY;
  /** The last message that was looked for. */
  #lookedAt = '';

  constructor(parts: CapturedRoomParts) {
    this.#p = parts;
  }

  /** Something of the tenant was captured. */
  noted(tenantId: string): void {
    if (this.#grown !== 'any') this.#grown.add(tenantId);
  }

  /** Remove what is too much or too old, and what is of messages that are gone. */
  async tidy(signal: AbortSignal): Promise<void> {
    const { mails, room } = this.#p;
    const grown = this.#grown === 'any' ? await mails.tenants() : [...this.#grown];
    this.#grown = new Set();
    for (const [index, tenantId] of grown.entries()) {
      try {
        if (signal.aborted) return;
        await mails.trim(tenantId, room);
      } catch (error) {
        for (const left of grown.slice(index)) this.noted(left);
        throw error;
      }
    }
    if (this.#p.clock.monotonic() - this.#agedAt < AGE_MS) return;
    await this.#removeOld(signal);
    this.#lookedAt = (await mails.removeOfGone(this.#lookedAt, LOOKED_AT_ONCE)) ?? '';
    this.#agedAt = this.#p.clock.monotonic();
  }

  async #removeOld(signal: AbortSignal): Promise<void> {
    const { clock, mails, keptMs } = this.#p;
    if (keptMs === null) return;
    while (!signal.aborted) {
      if ((await mails.removeOlder(clock.now() - keptMs, REMOVED_AT_ONCE)) < REMOVED_AT_ONCE) break;
    }
  }
}
