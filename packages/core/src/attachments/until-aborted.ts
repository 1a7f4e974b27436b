// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/**
 * Wait for `work` no longer than `signal` allows, also where it doesn't heed the signal itself. What it yields after
 * that is given to `onLate`.
 *
 * @throws the signal's reason; what `work` throws
 */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  onLate: (value: T) => Promise<void> = async () => undefined,
): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    // Nobody is left to be told how it ends.
    if (signal.aborted) work.then(onLate).catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The same for each piece of a body. When it is left the body is closed; after an abort that is not waited for. */
export async function* piecesUntilAborted<T>(body: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void> {
  const iterator = body[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      const result = await untilAborted(iterator.next(), signal);
      isOver = result.done === true;
      if (result.done) return;
      yield result.value;
    }
  } finally {
    const closing = isOver ? undefined : iterator.return?.();
    // A generator that hangs within a piece closes only behind it.
    if (closing !== undefined) await untilAborted(closing, signal);
  }
}
