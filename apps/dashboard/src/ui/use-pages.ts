// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import type { Page } from '../api/shapes.ts';
import { type Load, type LoadOptions, useLoad } from './use-load.ts';

/** A list of which more is shown on demand. */
export interface Pages<Whole extends Page<unknown>> extends Load<Whole> {
  readonly items: Whole['items'] | undefined;
  /** Null at the end of the list. */
  readonly more: (() => void) | null;
}

/**
 * Ask for the first page of a list, and for the next ones as they are wanted.
 *
 * @param key - all that the list depends on
 */
export function usePages<Whole extends Page<unknown>>(
  key: string,
  load: (from: { readonly after?: string }, signal: AbortSignal) => Promise<Whole>,
  options: LoadOptions = {},
): Pages<Whole> {
  const [wanted, want] = useState({ key, pages: 1 });
  const pages = wanted.key === key ? wanted.pages : 1;
  const all = useLoad<Whole>(
    `${key} ${pages}`,
    async (signal) => {
      let page = await load({}, signal);
      const items = [...page.items];
      for (let got = 1; got < pages && page.next !== null; got++) {
        page = await load({ after: page.next }, signal);
        items.push(...page.items);
      }
      return { ...page, items };
    },
    options,
  );
  const next = all.value?.next ?? null;
  return { ...all, items: all.value?.items, more: next === null ? null : () => want({ key, pages: pages + 1 }) };
}
