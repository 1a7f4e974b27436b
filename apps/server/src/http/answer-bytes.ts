// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { HttpContext } from './context.ts';
import { respond } from './response-headers.ts';

/** Answer with bytes of this media type as they are, to be kept as a file. Each piece is made when the client took those before. */
export async function answerBytes(
  c: HttpContext,
  pieces: AsyncIterable<Uint8Array>,
  mediaType: string,
): Promise<Response> {
  const iterator = pieces[Symbol.asyncIterator]();
  // Before the status is sent: what fails at once is told as everything that fails.
  let next = await iterator.next();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (next.done === true) return controller.close();
      controller.enqueue(next.value);
      next = await iterator.next();
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  // Somebody else wrote it: no browser is to show it as a page of ours.
  return respond(c, body, { headers: { 'content-type': mediaType, 'content-disposition': 'attachment' } });
}
