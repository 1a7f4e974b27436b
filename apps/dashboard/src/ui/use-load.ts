// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useCallback, useEffect, useState } from 'preact/hooks';

/** Something of the server on its way to the page. What was there before stays while the next is awaited. */
export interface Load<Value> {
  readonly value: Value | undefined;
  readonly error: unknown;
  /** Whether the next is awaited. */
  readonly isLoading: boolean;
  readonly reload: () => void;
}

export interface LoadOptions {
  /** Ask again and again, while the page is seen. @defaultValue once */
  readonly everyMs?: number;
}

interface Kept<Value> {
  readonly key: string;
  readonly value: Value | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
}

/**
 * Ask the server, and again whenever `key` becomes another.
 *
 * @param key - all that the answer depends on
 */
export function useLoad<Value>(
  key: string,
  load: (signal: AbortSignal) => Promise<Value>,
  { everyMs }: LoadOptions = {},
): Load<Value> {
  const [kept, keep] = useState<Kept<Value>>({ key, value: undefined, error: undefined, isLoading: true });
  const [round, setRound] = useState(0);
  // The key stands for all that `load` depends on.
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      keep((before) => ({ ...before, isLoading: true }));
      try {
        const value = await load(ended.signal);
        if (!ended.signal.aborted) keep({ key, value, error: undefined, isLoading: false });
      } catch (error) {
        // What was there stays: a page of a moment ago beside the error says more than the error alone.
        if (!ended.signal.aborted) keep((before) => ({ ...before, key, error, isLoading: false }));
      }
      if (everyMs !== undefined && !ended.signal.aborted) timer = setTimeout(again, everyMs);
    };
    const again = (): void => {
      if (document.hidden) timer = setTimeout(again, everyMs);
      else void ask();
    };
    void ask();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [key, round, everyMs]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { value: kept.value, error: kept.error, isLoading: kept.isLoading || kept.key !== key, reload };
}
