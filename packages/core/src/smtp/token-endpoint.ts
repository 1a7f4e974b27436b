// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { SmtpConnectError } from './session.types.ts';
import type { TokenAnswer } from './token-request.ts';

/** Of what an endpoint asks for with Retry-After: sooner would be at once, and later is not worth believing. */
const MIN_REST_MS = 1_000;
const MAX_REST_MS = 3_600_000;
/** Where it asks for nothing: doubled with each failure in a row. */
const FIRST_REST_MS = 15_000;
const MAX_OWN_REST_MS = 900_000;

/** Whether the endpoint has no token for now, which is the fault of nobody's settings. */
function isForNow(error: unknown): error is SmtpConnectError {
  return error instanceof SmtpConnectError && error.fault.kind === 'token';
}

/**
 * The token endpoint of one account. Once it had no token for now it is left alone for a while, and that failure is the
 * answer for all who ask meanwhile: an endpoint that says 429 is not helped by one request a message.
 */
export class TokenEndpoint {
  readonly #clock: Clock;
  #failure: SmtpConnectError | null = null;
  #failures = 0;
  /** On the monotonic clock. */
  #restsUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Make a request, unless the endpoint is left alone now.
   *
   * @throws SmtpConnectError of `request`; where it is of kind `token`, with the time after which to ask again
   */
  async ask(request: () => Promise<TokenAnswer>): Promise<TokenAnswer> {
    if (this.#failure !== null && this.#leftMs > 0) throw this.#resting(this.#failure);
    try {
      const answer = await request();
      this.#failures = 0;
      return answer;
    } catch (error) {
      if (!isForNow(error)) throw error;
      this.#failures += 1;
      this.#failure = error;
      this.#restsUntil = this.#clock.monotonic() + restMs(error.fault.retryAfterMs, this.#failures);
      throw this.#resting(error);
    }
  }

  get #leftMs(): number {
    return Math.ceil(this.#restsUntil - this.#clock.monotonic());
  }

  #resting({ fault }: SmtpConnectError): SmtpConnectError {
    return new SmtpConnectError({ ...fault, retryAfterMs: this.#leftMs });
  }
}

function restMs(retryAfterMs: number | undefined, failures: number): number {
  if (retryAfterMs !== undefined) return Math.min(Math.max(retryAfterMs, MIN_REST_MS), MAX_REST_MS);
  // The exponent is bounded, so that the product is a number.
  return Math.min(FIRST_REST_MS * 2 ** Math.min(failures - 1, 30), MAX_OWN_REST_MS);
}
