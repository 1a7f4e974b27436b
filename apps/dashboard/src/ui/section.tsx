// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ComponentChildren } from 'preact';

export interface SectionProps {
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly actions?: ComponentChildren;
  /** Whether what is inside reaches its edges, as tables do. @defaultValue false */
  readonly isFlush?: boolean;
  readonly children: ComponentChildren;
}

/** A part of a page under a heading of its own. */
export function Section({ title, note, actions, isFlush = false, children }: SectionProps) {
  return (
    <section class="section">
      <header class="section-head">
        <h2>{title}</h2>
        {note !== undefined && <p class="quiet">{note}</p>}
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      <div class={isFlush ? 'section-body flush' : 'section-body'}>{children}</div>
    </section>
  );
}
