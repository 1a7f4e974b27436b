// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Common {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export interface TextFieldProps extends Common {
  /** @defaultValue text */
  readonly type?: 'text' | 'search' | 'password' | 'datetime-local' | 'number' | 'email';
  readonly placeholder?: string;
  readonly isRequired?: boolean;
  readonly hint?: ComponentChildren;
}

export function TextField(props: TextFieldProps) {
  const { label, value, onChange, type = 'text', placeholder, isRequired = false, hint } = props;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        // The types want one of them at a time.
        type={type as 'text'}
        value={value}
        placeholder={placeholder}
        required={isRequired}
        autocomplete={type === 'password' ? 'current-password' : 'off'}
        spellcheck={false}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export interface SelectFieldProps extends Common {
  readonly options: readonly (readonly [value: string, label: string])[];
}

export function SelectField({ label, value, onChange, options }: SelectFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {options.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
