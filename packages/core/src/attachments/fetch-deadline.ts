// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { AttachmentFailure } from './attachment-failure.ts';

/** The end of one fetch: by its time, or by its caller. */
export class FetchDeadline implements Disposable {
  readonly #timer: Disposable;
  /** Its reason is what the fetch fails with. */
  readonly signal: AbortSignal;

  constructor(clock: Pick<Clock, 'after'>, timeoutMs: number, caller: AbortSignal) {
    const time = new AbortController();
    this.#timer = clock.after(timeoutMs, () =>
      time.abort(new AttachmentFailure('timeout', `it did not come within ${timeoutMs} ms`)),
    );
    this.signal = AbortSignal.any([caller, time.signal]);
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
