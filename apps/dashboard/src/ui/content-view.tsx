// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useId, useState } from 'preact/hooks';
import { MailFrame } from './mail-frame.tsx';
import { Scrolled } from './scrolled.tsx';

export interface ContentViewProps {
  readonly content: {
    readonly text: string | null;
    readonly html: string | null;
    readonly headers?: Readonly<Record<string, string>> | readonly { readonly name: string; readonly value: string }[];
  };
}

/** The parts of a mail, one at a time: as it looks, its text, its own headers. */
export function ContentView({ content: { text, html, headers = {} } }: ContentViewProps) {
  // One that came complete has a header as often as it was written.
  const given = Array.isArray(headers) ? headers.map(({ name, value }) => [name, value]) : Object.entries(headers);
  const parts = [
    ...(html === null ? [] : [{ name: 'HTML', body: <MailFrame html={html} /> }]),
    ...(text === null ? [] : [{ name: 'Text', body: <Scrolled text={text} label="Text" look="prose" /> }]),
    ...(html === null
      ? []
      : [{ name: 'Source', body: <Scrolled text={html} label="Source of the HTML" look="code" /> }]),
    ...(given.length === 0
      ? []
      : [
          {
            name: 'Headers',
            body: <Scrolled text={given.map(([n, v]) => `${n}: ${v}`).join('\n')} label="Headers" look="code" />,
          },
        ]),
  ];
  const [chosen, choose] = useState(parts[0]?.name);
  const id = useId();
  if (parts.length === 0) return <p class="quiet">It has neither text nor HTML.</p>;
  return (
    <div class="parts">
      <fieldset class="part-choice">
        <legend class="unseen">Parts</legend>
        {parts.map(({ name }) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === chosen}
            aria-controls={id}
            onClick={() => choose(name)}
          >
            {name}
          </button>
        ))}
      </fieldset>
      <div id={id}>{parts.find(({ name }) => name === chosen)?.body}</div>
    </div>
  );
}
