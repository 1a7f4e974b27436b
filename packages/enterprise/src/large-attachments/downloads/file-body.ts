// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

export interface FileEnding {
  /** Of what was promised: fewer or more are a failure. */
  readonly sizeBytes: number;
  /** All of it was taken. */
  readonly completed: () => Promise<void>;
  readonly failed: (error: unknown) => void;
}

/** Bytes of a storage as the body of an answer: each piece is read when it is taken, and a client that goes away ends it. */
export function fileBody(
  pieces: AsyncIterable<Uint8Array>,
  { sizeBytes, completed, failed }: FileEnding,
): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  let left = sizeBytes;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await iterator.next();
          left -= value?.byteLength ?? 0;
          if (left < 0 || (done === true && left > 0)) {
            await iterator.return?.();
            throw new Error('the storage gave another number of bytes than it has');
          }
          if (done !== true) return controller.enqueue(value);
        } catch (error) {
          failed(error);
          throw error;
        }
        await completed();
        controller.close();
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
