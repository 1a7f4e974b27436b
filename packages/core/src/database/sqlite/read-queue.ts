// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Statement } from '../statement.ts';
import type { WireUnitResult } from './wire.ts';

interface WaitingRead {
  readonly statements: readonly Statement[];
  readonly resolve: (result: WireUnitResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads in one request at most: bounds how long the first of them waits for the last, and what an answer holds. */
const MAX_TOGETHER = 32;

/**
 * Gathers reads: what is asked in one turn, or while the reader is busy, goes to its thread in one request, since a
 * request costs both threads more than most reads do.
 */
export class ReadQueue {
  readonly #send: (reads: readonly (readonly Statement[])[]) => Promise<readonly WireUnitResult[]>;
  readonly #waiting: WaitingRead[] = [];
  #running: Promise<void> | null = null;

  constructor(send: (reads: readonly (readonly Statement[])[]) => Promise<readonly WireUnitResult[]>) {
    this.#send = send;
  }

  read(statements: readonly Statement[]): Promise<WireUnitResult> {
    const done = new Promise<WireUnitResult>((resolve, reject) => {
      this.#waiting.push({ statements, resolve, reject });
    });
    this.#running ??= this.#run();
    return done;
  }

  /** Resolves when nothing waits and nothing is being read. */
  async drained(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // What is asked in the same turn goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#readSome(this.#waiting.splice(0, MAX_TOGETHER));
    // In the turn in which nothing waits any more, so that what is asked next starts anew.
    this.#running = null;
  }

  /** Never rejects. */
  async #readSome(reads: readonly WaitingRead[]): Promise<void> {
    try {
      const results = await this.#send(reads.map(({ statements }) => statements));
      for (const [index, { resolve, reject }] of reads.entries()) {
        const result = results[index];
        if (result === undefined) reject(new Error('the reader gave no result'));
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of reads) reject(error);
    }
  }
}
