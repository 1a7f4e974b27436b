// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { chooseTheme, type Theme, theme } from '../session/theme.ts';

const CHOICES: readonly (readonly [Theme, string])[] = [
  ['system', "System's colours"],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

export function ThemeChoice() {
  return (
    <select
      class="small"
      aria-label="Colours"
      value={theme.value}
      onChange={({ currentTarget }) => {
        const chosen = CHOICES.find(([name]) => name === currentTarget.value);
        if (chosen !== undefined) chooseTheme(chosen[0]);
      }}
    >
      {CHOICES.map(([name, label]) => (
        <option key={name} value={name}>
          {label}
        </option>
      ))}
    </select>
  );
}
