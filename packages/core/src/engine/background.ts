// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Log } from '../observability/log.ts';

/** A part that works until it is told to stop. */
export interface Service {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** Runs services together; stopping one is stopping all. */
export class Background {
  readonly #stop = new AbortController();
  readonly #log: Log;
  #running: Promise<unknown> | null = null;

  constructor(log: Log) {
    this.#log = log;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get isRunning(): boolean {
    return this.#running !== null && !this.#stop.signal.aborted;
  }

  start(services: readonly Service[]): void {
    this.#running = Promise.all(
      services.map(async ({ name, run }) => {
        try {
          await run(this.#stop.signal);
        } catch (error) {
          this.#log.error({ service: name, err: error }, 'a background service ended by a bug');
        }
      }),
    );
  }

  /** Ask all to stop and wait until they did. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
