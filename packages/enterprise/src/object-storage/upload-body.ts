// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A body on its way into a storage. */
export interface UploadBody {
  /** Fails with what the body fails of, the signal's reason, or that the size is another one. */
  readonly stream: ReadableStream<Uint8Array>;
  /** What the stream failed with; null while it didn't. Whoever reads it may tell in words of its own. */
  failure(): { readonly error: unknown } | null;
  /** Leave the body. What hangs within a piece is left behind that. */
  close(): Promise<void>;
}

/** The size of a body is not the one that was said. */
class SizeMismatch extends Error {
  override readonly name = 'SizeMismatch';
}

/** Give a body to who reads streams. No piece is asked for before the one before it was taken. */
export function uploadBody(
  body: AsyncIterable<Uint8Array>,
  { sizeBytes, signal }: { readonly sizeBytes: number; readonly signal: AbortSignal },
): UploadBody {
  const iterator = body[Symbol.asyncIterator]();
  let failed: { readonly error: unknown } | null = null;
  let isAsked = false;
  let isOver = false;
  let seenBytes = 0;
  let stopListening = (): void => undefined;

  const fail = (error: unknown): { readonly error: unknown } => {
    failed ??= { error };
    stopListening();
    return failed;
  };
  const next = async (): Promise<Uint8Array | null> => {
    isAsked = true;
    const result = await iterator.next().finally(() => {
      isAsked = false;
    });
    if (result.done === true) isOver = true;
    else seenBytes += result.value.byteLength;
    if (result.done === true ? seenBytes < sizeBytes : seenBytes > sizeBytes) {
      throw new SizeMismatch(`the object has another size than the ${sizeBytes} bytes that were said`);
    }
    return result.done === true ? null : result.value;
  };

  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const onAbort = (): void => controller.error(fail(signal.reason).error);
        signal.addEventListener('abort', onAbort, { once: true });
        stopListening = () => signal.removeEventListener('abort', onAbort);
      },
      async pull(controller) {
        try {
          let piece = await next();
          while (piece?.byteLength === 0) piece = await next();
          if (failed !== null) return;
          if (piece !== null) return controller.enqueue(piece);
          stopListening();
          controller.close();
        } catch (error) {
          isOver ||= !(error instanceof SizeMismatch);
          if (failed === null) controller.error(fail(error).error);
        }
      },
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    failure: () => failed,
    async close() {
      stopListening();
      if (isOver || iterator.return === undefined) return;
      const closing = iterator.return();
      // One that hangs within a piece may never end; nobody is left to be told how it does.
      if (!isAsked) await closing;
      else closing.catch(() => undefined);
    },
  };
}
