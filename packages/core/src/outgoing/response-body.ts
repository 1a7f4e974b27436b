// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Readable } from 'node:stream';
import type { CallDeadline } from './call-deadline.ts';

/** A body with the end of its call: read to its end, left early or broken, it gives back what the call holds. */
export function responseBody(
  decoded: AsyncGenerator<Uint8Array, void, undefined>,
  raw: Readable,
  deadline: CallDeadline,
): AsyncIterable<Uint8Array> {
  const iterator: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      try {
        const result = await decoded.next();
        if (!result.done) return result;
        deadline[Symbol.dispose]();
        return { done: true, value: undefined };
      } catch (error) {
        raw.destroy();
        throw deadline.end(error);
      }
    },
    // A generator that was never begun would not close anything by itself.
    async return() {
      deadline[Symbol.dispose]();
      raw.destroy();
      await decoded.return();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** Close a body of which nothing is to be read. */
export async function discardBody(body: AsyncIterable<Uint8Array>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}
