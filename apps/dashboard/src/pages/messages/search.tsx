// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import { navigate } from '../../routing/hash-location.ts';
import { may } from '../../session/session.ts';
import { Button } from '../../ui/button.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { SearchForm } from '../../ui/search-form.tsx';
import { type FilterName, isFiltered, STANDINGS } from './message-filter.ts';

export interface SearchProps {
  readonly query: Readonly<Record<string, string>>;
  readonly onSearch: (query: Readonly<Record<string, string>>) => void;
}

/** What to look for. An id leads straight to its message. */
export function Search({ query, onSearch }: SearchProps) {
  const [draft, setDraft] = useState(query);
  const field = (name: FilterName | 'id', label: string, placeholder?: string) => (
    <TextField
      label={label}
      type="search"
      value={draft[name] ?? ''}
      {...(placeholder === undefined ? {} : { placeholder })}
      onChange={(value) => setDraft({ ...draft, [name]: value })}
    />
  );
  const time = (name: 'created_after' | 'created_before', label: string) => (
    <TextField
      label={label}
      type="datetime-local"
      value={draft[name] ?? ''}
      onChange={(value) => setDraft({ ...draft, [name]: value })}
    />
  );
  const submit = (): void => {
    const { id = '', ...rest } = draft;
    if (id.trim() !== '') navigate(`/messages/${encodeURIComponent(id.trim())}`);
    else onSearch(rest);
  };
  return (
    <SearchForm onSearch={submit} more={isFiltered(query) && <Button onClick={() => onSearch({})}>Clear</Button>}>
      {field('recipient', 'Recipient', 'exact address')}
      {field('domain', 'Domain', 'of a recipient')}
      {may('messages:content') && field('subject', 'Subject', 'a part of it')}
      <SelectField
        label="State"
        value={draft['standing'] ?? ''}
        options={STANDINGS}
        onChange={(standing) => onSearch({ ...draft, standing })}
      />
      {field('batch_code', 'Batch')}
      {field('account_id', 'Account')}
      <SelectField
        label="Priority"
        value={draft['priority'] ?? ''}
        options={[['', 'Any'], ...['immediate', 'high', 'medium', 'low'].map((name) => [name, name] as const)]}
        onChange={(priority) => onSearch({ ...draft, priority })}
      />
      {time('created_after', 'Accepted from')}
      {time('created_before', 'Accepted before')}
      {field('id', 'Message id', 'opens it')}
    </SearchForm>
  );
}
