// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { HttpContext } from './context.ts';
import { respond } from './response-headers.ts';

export const LINES_TYPE = 'application/x-ndjson';

/** Answer with one line of JSON a value. Each is made when the client took those before. */
export async function answerLines(c: HttpContext, values: AsyncIterable<unknown>): Promise<Response> {
  const iterator = values[Symbol.asyncIterator]();
  // Before the status is sent: what fails at once is told as everything that fails.
  let next = await iterator.next();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (next.done === true) return controller.close();
      controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`));
      next = await iterator.next();
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return respond(c, body, { headers: { 'content-type': LINES_TYPE } });
}
