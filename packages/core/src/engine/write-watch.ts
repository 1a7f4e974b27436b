// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Database, DatabaseRoom } from '../database/database.ts';
import { isMailProxyError, MailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';

/** Why nothing can be written, or no mail is taken. */
export type WriteTrouble = 'file_gone' | 'disk_full' | 'no_writes';

export interface WriteWatchParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly database: Pick<Database<unknown>, 'room' | 'writeState'>;
  /** A real write, as small as can be. */
  readonly touch: () => Promise<void>;
  /** Bytes that stay free on the disk of the database: below, no mail is accepted. */
  readonly minFreeBytes: number;
}

/** With how late a write may be, less than the 10 s in which /readyz has to know. */
const LOOK_MS = 4_000;
const LATE_MS = 5_000;

/**
 * Looks whether the database can be written, also where nobody writes. What is left of its disk is kept for the outcomes of
 * what was accepted already: once there is less than a bound, no mail is accepted, and what waits is still sent.
 */
export class WriteWatch {
  readonly #p: WriteWatchParts;
  #room: DatabaseRoom | null = null;
  #isLate = false;
  #told: WriteTrouble | null = null;

  constructor(parts: WriteWatchParts) {
    this.#p = parts;
  }

  /** What is wrong now; null where nothing is. */
  get trouble(): WriteTrouble | null {
    if (this.#room?.isThere === false) return 'file_gone';
    const { writeState } = this.#p.database;
    if (this.#isLow || writeState === 'full') return 'disk_full';
    return this.#isLate || writeState === 'failing' ? 'no_writes' : null;
  }

  /** Bytes that are free on the disk of the database; null where nobody here knows. */
  get freeBytes(): number | null {
    return this.#room?.freeBytes ?? null;
  }

  /**
   * Refuse more mail while the room that is left is for what was accepted.
   *
   * @throws {MailProxyError} `storage_full`, `database_unavailable`
   */
  expectRoom(): void {
    if (this.#room?.isThere === false) {
      throw new MailProxyError('database_unavailable', { detail: 'the file of the database was removed or replaced' });
    }
    if (!this.#isLow) return;
    throw new MailProxyError('storage_full', {
      detail: `less than ${this.#p.minFreeBytes} bytes are free for the database`,
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look();
      await this.#write();
      this.#tell();
      await this.#p.clock.sleep(LOOK_MS, signal);
    }
  }

  get #isLow(): boolean {
    return this.#room !== null && this.#room.freeBytes < this.#p.minFreeBytes;
  }

  async #look(): Promise<void> {
    try {
      this.#room = await this.#p.database.room();
    } catch (error) {
      this.#p.log.warn({ err: error }, 'the room that is left for the database could not be read');
    }
  }

  /** One that hangs is waited for: another behind it would tell nothing more. */
  async #write(): Promise<void> {
    const { clock, log, touch } = this.#p;
    using _late = clock.after(LATE_MS, () => {
      this.#isLate = true;
      this.#tell();
    });
    try {
      await touch();
    } catch (error) {
      // The database knows what became of its last writes.
      if (!isMailProxyError(error))
        log.error({ err: error }, 'a write that only looks whether there can be one failed');
    }
    this.#isLate = false;
  }

  #tell(): void {
    const { log } = this.#p;
    const { trouble } = this;
    if (trouble === this.#told) return;
    this.#told = trouble;
    const fields = { trouble, freeBytes: this.freeBytes };
    if (trouble === null) log.info(fields, 'the database is written again');
    else log.error(fields, 'the database cannot be written as it should');
  }
}
