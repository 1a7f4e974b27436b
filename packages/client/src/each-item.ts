// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CallOptions } from './methods.ts';

/** A page of a list. */
interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; null behind the last one. */
  readonly next: unknown;
}

/** A method of a list that is read by pages. */
type ListMethod = (input: never, options?: CallOptions) => Promise<Page<unknown>>;

type Item<List extends ListMethod> = Awaited<ReturnType<List>>['items'][number];

/**
 * Go through a list page by page, as the items are asked for.
 *
 * @example
 * for await (const message of eachItem(client.messages.list, { state: 'deferred' })) console.log(message.id);
 */
export async function* eachItem<List extends ListMethod>(
  list: List,
  input: NonNullable<Parameters<List>[0]>,
  options: CallOptions = {},
): AsyncGenerator<Item<List>, void> {
  // What a list takes and gives is checked above: here it is any list.
  const next = list as unknown as (input: object, options: CallOptions) => Promise<Page<Item<List>>>;
  for (let from: object = input; ; ) {
    const page = await next(from, options);
    yield* page.items;
    if (page.next === null) return;
    from = { ...from, after: page.next };
  }
}
