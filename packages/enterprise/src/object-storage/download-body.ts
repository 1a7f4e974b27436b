// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { StorageFailure } from './storage-failure.ts';

export interface DownloadOptions {
  /** Exactly so many bytes come, or reading fails. */
  readonly expectedBytes: number;
  readonly signal: AbortSignal;
  /** What the storage's own errors mean. */
  readonly toFailure: (error: unknown) => unknown;
}

/** Read a stream of a storage piece by piece. Whoever leaves early, begun or not, closes it. */
export function downloadBody(stream: ReadableStream<Uint8Array>, options: DownloadOptions): AsyncIterable<Uint8Array> {
  const { expectedBytes, signal, toFailure } = options;
  const reader = stream.getReader();
  let seenBytes = 0;
  const close = async (reason?: unknown): Promise<void> => {
    signal.removeEventListener('abort', onAbort);
    // It fails of what reading failed of, which was told.
    await reader.cancel(reason).catch(() => undefined);
  };
  // A read that waits ends with it.
  const onAbort = (): void => void close(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();

  const read = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    const { done, value } = await reader.read();
    signal.throwIfAborted();
    seenBytes += value?.byteLength ?? 0;
    if (done ? seenBytes < expectedBytes : seenBytes > expectedBytes) {
      throw new StorageFailure('unavailable', 'the object has another size than the storage said');
    }
    if (!done) return { done, value };
    await close();
    return { done, value: undefined };
  };
  const iterator: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      try {
        return await read();
      } catch (error) {
        await close(error);
        signal.throwIfAborted();
        throw toFailure(error);
      }
    },
    async return() {
      await close();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
