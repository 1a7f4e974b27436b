// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import type { AuditEntry, Refusal } from '../operations/execute.ts';

interface Counted {
  readonly call: Refusal;
  readonly firstAt: number;
  lastAt: number;
  attempts: number;
}

export interface RefusedCallsParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly append: (entries: readonly AuditEntry[]) => Promise<void>;
}

/** How long refusals of one kind are gathered into one row. */
const GATHER_MS = 60_000;
/** Different rows in that time; of what comes on top only the number is kept. */
const MAX_ROWS = 20;

/**
 * Writes to the command log who was not let in. Refusals are counted and written together, in rows whose number does not
 * depend on how many there are: nobody fills the log from outside.
 */
export class RefusedCalls {
  readonly #parts: RefusedCallsParts;
  #counted = new Map<string, Counted>();
  #timer: Disposable | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: RefusedCallsParts) {
    this.#parts = parts;
  }

  note(call: Refusal): void {
    const { clock } = this.#parts;
    const now = clock.now();
    const { operation, tenantId, principal, origin, outcome, reason } = call;
    const key = JSON.stringify([operation, tenantId, principal, origin, outcome, reason]);
    const isRoom = this.#counted.has(key) || this.#counted.size < MAX_ROWS;
    const place = isRoom ? key : '';
    const counted = this.#counted.get(place) ?? { call: isRoom ? call : MANY, firstAt: now, lastAt: now, attempts: 0 };
    counted.lastAt = now;
    counted.attempts += 1;
    this.#counted.set(place, counted);
    this.#timer ??= clock.after(GATHER_MS, () => void this.flush());
  }

  /** Write what was gathered; resolves once that is on disk, or could not be written. */
  flush(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    const counted = [...this.#counted.values()];
    this.#counted = new Map();
    if (counted.length > 0) this.#writing = this.#writing.then(() => this.#write(counted));
    return this.#writing;
  }

  async #write(counted: readonly Counted[]): Promise<void> {
    try {
      await this.#parts.append(counted.map(entryOf));
    } catch (error) {
      const attempts = counted.reduce((sum, one) => sum + one.attempts, 0);
      this.#parts.log.warn({ err: error, attempts }, 'refused calls could not be written to the command log');
    }
  }
}

const MANY: Refusal = {
  operation: 'authentication',
  tenantId: null,
  principal: 'unknown',
  origin: 'several',
  outcome: 'unauthenticated',
  reason: 'more than were written one by one',
};

function entryOf({ call: { reason, ...call }, attempts, firstAt, lastAt }: Counted): AuditEntry {
  const [first_at, last_at] = [new Date(firstAt).toISOString(), new Date(lastAt).toISOString()];
  return { ...call, requestId: null, input: JSON.stringify({ reason, attempts, first_at, last_at }) };
}
