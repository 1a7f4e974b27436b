// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ComponentChildren } from 'preact';
import { Button } from './button.tsx';

export interface SearchFormProps {
  /** Called when the form is sent, by its button or by Enter. */
  readonly onSearch: () => void;
  /** Its fields. */
  readonly children: ComponentChildren;
  /** How its button looks. @defaultValue `primary` */
  readonly look?: 'plain' | 'primary';
  /** Buttons behind that one. */
  readonly more?: ComponentChildren;
}

/** What a list is searched by. */
export function SearchForm({ onSearch, children, look = 'primary', more }: SearchFormProps) {
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
        <div class="actions">
          <Button type="submit" look={look}>
            Search
          </Button>
          {more}
        </div>
      </form>
    </search>
  );
}
