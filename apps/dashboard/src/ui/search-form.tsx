// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ComponentChildren } from 'preact';

export interface SearchFormProps {
  /** Called when the form is sent, by its button or by Enter. */
  readonly onSearch: () => void;
  /** Its fields, and its buttons behind them. */
  readonly children: ComponentChildren;
}

/** What a list is searched by. */
export function SearchForm({ onSearch, children }: SearchFormProps) {
  return (
    <search>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault();
          onSearch();
        }}
      >
        {children}
      </form>
    </search>
  );
}
