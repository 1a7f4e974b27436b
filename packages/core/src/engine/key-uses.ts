// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Log } from '../observability/log.ts';

export interface KeyUsesParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly markUsed: (used: ReadonlyMap<string, number>) => Promise<void>;
}

/** How often it is written which keys were used; so exact is what is shown. */
const WRITE_MS = 60_000;

/** Remembers when keys were used, and writes it down now and then: no request waits for that, nor commits anything. */
export class KeyUses {
  readonly #parts: KeyUsesParts;
  #used = new Map<string, number>();
  #timer: Disposable | null = null;

  constructor(parts: KeyUsesParts) {
    this.#parts = parts;
  }

  note(id: string): void {
    const { clock } = this.#parts;
    this.#used.set(id, clock.now());
    this.#timer ??= clock.after(WRITE_MS, () => void this.flush());
  }

  async flush(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    const used = this.#used;
    this.#used = new Map();
    try {
      await this.#parts.markUsed(used);
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'when keys were last used could not be written');
    }
  }
}
