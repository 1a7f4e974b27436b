// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { SuppressionLookup } from '../entities/suppression/suppression-lookup.ts';
import type { Log } from '../observability/log.ts';

export interface StoppedMailParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly markStopped: SuppressionLookup['markStopped'];
}

/** How often it is written what entries stopped; so exact is what is shown. */
const WRITE_MS = 60_000;
/** Entries remembered at most until then; more are written at once. */
const MAX_ENTRIES = 10_000;

/** Counts what entries of suppression lists kept from being sent, and writes it down now and then: no mail waits for that. */
export class StoppedMail {
  readonly #parts: StoppedMailParts;
  #stopped = new Map<string, { times: number; at: number }>();
  #timer: Disposable | null = null;

  constructor(parts: StoppedMailParts) {
    this.#parts = parts;
  }

  note(entryPks: readonly string[]): void {
    const { clock } = this.#parts;
    const at = clock.now();
    for (const pk of entryPks) {
      const known = this.#stopped.get(pk);
      if (known === undefined) this.#stopped.set(pk, { times: 1, at });
      else Object.assign(known, { times: known.times + 1, at });
    }
    if (this.#stopped.size >= MAX_ENTRIES) void this.flush();
    else this.#timer ??= clock.after(WRITE_MS, () => void this.flush());
  }

  /** Never fails: a count is not worth that. */
  async flush(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    const stopped = this.#stopped;
    this.#stopped = new Map();
    try {
      await this.#parts.markStopped(stopped);
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'what suppressed addresses kept back could not be written');
    }
  }
}
