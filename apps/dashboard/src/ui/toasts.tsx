// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { signal } from '@preact/signals';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
}

const STAYS_MS = 6_000;
const toasts = signal<readonly Toast[]>([]);
let count = 0;

/** Say for a moment what came of an action; screen readers read it aloud. */
export function say(text: string, { isError = false }: { readonly isError?: boolean } = {}): void {
  const toast = { id: ++count, text, isError };
  toasts.value = [...toasts.value, toast];
  setTimeout(() => {
    toasts.value = toasts.value.filter(({ id }) => id !== toast.id);
  }, STAYS_MS);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, isError }) => (
        <p key={id} class={isError ? 'toast toast-error' : 'toast'}>
          {text}
        </p>
      ))}
    </div>
  );
}
