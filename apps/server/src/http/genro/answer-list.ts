// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { HttpContext } from '../context.ts';
import { respond } from '../response-headers.ts';

/** Answer with `{"ok":true,"NAME":[…]}`, of which only a piece is in memory at a time. */
export async function answerList(c: HttpContext, name: string, values: AsyncIterable<object>): Promise<Response> {
  const iterator = values[Symbol.asyncIterator]();
  // Before the status is sent: what fails at once is told as everything that fails.
  let next = await iterator.next();
  let lead = `{"ok":true,"${name}":[`;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (next.done === true) {
        controller.enqueue(encoder.encode(`${lead.startsWith('{') ? lead : ''}]}`));
        return controller.close();
      }
      controller.enqueue(encoder.encode(lead + JSON.stringify(next.value)));
      lead = ',';
      next = await iterator.next();
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return respond(c, body, { headers: { 'content-type': 'application/json' } });
}
