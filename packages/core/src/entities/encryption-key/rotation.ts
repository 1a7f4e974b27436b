// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';
import type { Database } from '../../database/database.ts';
import { isMailProxyError, MailProxyError } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import type { SealedColumn } from '../../secrets/sealed-columns.ts';
import type { Sealer } from '../../secrets/sealer.ts';
import type { EncryptionKeyStore } from './encryption-key.store.ts';
import type { SealedQueries, SealedRow } from './sealed-queries.ts';

/** A column and what is asked of it. */
export interface QueriedColumn {
  readonly column: SealedColumn;
  readonly queries: SealedQueries;
}

export interface RotationParts {
  readonly database: Database<unknown>;
  readonly columns: readonly QueriedColumn[];
  readonly sealer: Sealer;
  readonly keys: Pick<EncryptionKeyStore, 'used' | 'forget'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How far a rotation is. */
export interface RotationProgress {
  readonly state: 'none' | 'running' | 'done' | 'incomplete' | 'failed';
  /** Id of the key that seals everything anew. */
  readonly keyId: string | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Values to seal anew, as counted at the start. */
  readonly total: number;
  readonly done: number;
  /** Values that no key at hand opens, or that were altered. They stay as they are. */
  readonly unreadable: number;
  /** Why it failed, for a person. */
  readonly error: string | null;
}

const NONE: RotationProgress = {
  state: 'none',
  keyId: null,
  startedAt: null,
  endedAt: null,
  total: 0,
  done: 0,
  unreadable: 0,
  error: null,
};

/** Values sealed anew in one unit: what a killed rotation does again at most, and some milliseconds of the writer. */
const UNIT = 100;
/** Others seal meanwhile; with the new key, so that the second pass finds what was written while the first one ran. */
const MAX_PASSES = 5;

/**
 * Seals everything anew with the key that seals now, while engines run. What is done is seen by the values themselves,
 * so that it can be stopped anywhere, killed too, and started again. A value is replaced only if it is still the one
 * that was read: what somebody changes meanwhile is never lost.
 */
export class Rotation {
  readonly #parts: RotationParts;
  #progress: RotationProgress = NONE;
  #running: Promise<void> | null = null;

  constructor(parts: RotationParts) {
    this.#parts = parts;
  }

  get progress(): RotationProgress {
    return this.#progress;
  }

  /** Begin, unless one is running; it ends with `signal`. */
  start(signal: AbortSignal): void {
    const { clock, sealer, log } = this.#parts;
    if (this.#running !== null) return;
    this.#progress = { ...NONE, state: 'running', keyId: sealer.keyId, startedAt: clock.now() };
    this.#running = this.#run(sealer.keyId, signal)
      .catch((error: unknown) => {
        log.error({ err: error }, 'a rotation of keys failed; start it again, and it goes on');
        this.#end('failed', isMailProxyError(error) ? error.code : 'internal');
      })
      .finally(() => {
        this.#running = null;
      });
  }

  /** Resolves once none is running. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #run(keyId: string, signal: AbortSignal): Promise<void> {
    this.#progress = { ...this.#progress, total: (await this.#stale(keyId)).values };
    this.#parts.log.info({ keyId, values: this.#progress.total }, 'a rotation of keys began');
    for (let pass = 1; pass <= MAX_PASSES; pass++) {
      let unreadable = 0;
      for (const { queries } of this.#parts.columns) unreadable += await this.#reseal(queries, { keyId, signal });
      this.#progress = { ...this.#progress, unreadable };
      const left = await this.#stale(keyId);
      if (left.values > unreadable) continue;
      for (const id of await this.#parts.keys.used()) {
        if (id !== keyId && !left.ids.has(id)) await this.#parts.keys.forget(id);
      }
      this.#parts.log.info({ keyId, values: this.#progress.done, unreadable }, 'a rotation of keys came to its end');
      return this.#end(unreadable === 0 ? 'done' : 'incomplete', null);
    }
    throw new MailProxyError('conflict', { detail: 'something goes on sealing with another key' });
  }

  #end(state: RotationProgress['state'], error: string | null): void {
    this.#progress = { ...this.#progress, state, error, endedAt: this.#parts.clock.now() };
  }

  /** @returns how many values could not be opened */
  async #reseal(
    queries: SealedQueries,
    { keyId, signal }: { readonly keyId: string; readonly signal: AbortSignal },
  ): Promise<number> {
    let unreadable = 0;
    for (let after: SealedRow['key'] | null = null; ; ) {
      const { stale, last } = await queries.page(keyId, after);
      for (let at = 0; at < stale.length; at += UNIT) {
        if (signal.aborted) throw new MailProxyError('stopping');
        const rows = stale.slice(at, at + UNIT);
        const swaps = rows.flatMap((row) => this.#swap(queries, row));
        const results = swaps.length === 0 ? [] : await this.#parts.database.write(swaps);
        unreadable += rows.length - swaps.length;
        const done = results.reduce((sum, { changes }) => sum + changes, 0);
        this.#progress = { ...this.#progress, done: this.#progress.done + done };
      }
      if (last === null) return unreadable;
      after = last;
    }
  }

  #swap(queries: SealedQueries, row: SealedRow) {
    const { sealer, log } = this.#parts;
    try {
      return [queries.reseal(row, sealer)];
    } catch (error) {
      if (!isMailProxyError(error, 'sealed_with_unknown_key')) throw error;
      log.error({ err: error }, 'a sealed value cannot be opened, and stays as it is');
      return [];
    }
  }

  /** Values under other keys, and which those are. */
  async #stale(keyId: string): Promise<{ readonly values: number; readonly ids: ReadonlySet<string> }> {
    let values = 0;
    const ids = new Set<string>();
    for (const { queries } of this.#parts.columns) {
      for (const [id, count] of await queries.counts()) {
        if (id === null || id === keyId) continue;
        ids.add(id);
        values += count;
      }
    }
    return { values, ids };
  }
}
