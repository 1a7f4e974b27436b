// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

export interface ScrolledProps {
  readonly text: string;
  readonly label: string;
  readonly look: 'prose' | 'code';
}

/** Text of any length in a place of its own, which scrolls, by the keyboard as well. */
export function Scrolled({ text, label, look }: ScrolledProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class="scrolled" aria-label={label} tabIndex={0}>
      <pre class={look}>{text}</pre>
    </section>
  );
}
