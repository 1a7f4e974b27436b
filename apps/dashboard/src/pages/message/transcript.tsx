// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Message } from '../../api/shapes.ts';
import { Scrolled } from '../../ui/scrolled.tsx';
import { Section } from '../../ui/section.tsx';

/** What was said between us and the relay at the last attempt; nothing where there is none to be seen. */
export function Transcript({ message }: { readonly message: Message }) {
  const lines = message.history.at(-1)?.transcript ?? null;
  if (lines === null || lines.length === 0) return null;
  return (
    <Section title="Transcript" note="Of the last attempt">
      <Scrolled text={lines.join('\n')} label="Transcript of the last attempt" look="code" />
    </Section>
  );
}
