// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { signal } from '@preact/signals';

/** What the system says, or one of the two whatever it says. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'mail-proxy.theme';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

/** What was chosen last in this browser. */
export const theme = signal<Theme>(THEMES.find((name) => name === localStorage.getItem(KEY)) ?? 'system');

/** Have the page look as chosen; styles follow the attribute. */
export function applyTheme(): void {
  document.documentElement.dataset['theme'] = theme.value;
}

/** Choose, and keep it. */
export function chooseTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(KEY, next);
  applyTheme();
}
