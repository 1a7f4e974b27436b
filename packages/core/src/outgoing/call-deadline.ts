// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import { outgoingFailed, toOutgoingError } from './outgoing-errors.ts';
import type { OutgoingRequest } from './outgoing-http.types.ts';

/** The end of one call, from resolving the name to the last byte: by its time, or by its caller. */
export class CallDeadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: Disposable;
  readonly #timeoutMs: number;
  readonly #caller: AbortSignal | undefined;
  readonly #onCallerAborts = (): void => this.#controller.abort();

  constructor(clock: Clock, { timeoutMs, signal }: Pick<OutgoingRequest, 'timeoutMs' | 'signal'>) {
    this.#timeoutMs = timeoutMs;
    this.#caller = signal;
    this.#timer = clock.after(timeoutMs, () => this.#controller.abort());
    signal?.addEventListener('abort', this.#onCallerAborts, { once: true });
    if (signal?.aborted) this.#controller.abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** End a call that failed. What was cut fails in many ways; that it was cut is the reason. */
  end(error: unknown): unknown {
    this[Symbol.dispose]();
    if (!this.#controller.signal.aborted || isMailProxyError(error)) return toOutgoingError(error);
    const detail = this.#caller?.aborted ? 'the call was given up' : `no answer within ${this.#timeoutMs} ms`;
    return outgoingFailed('timeout', detail, { cause: error });
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#caller?.removeEventListener('abort', this.#onCallerAborts);
  }
}
