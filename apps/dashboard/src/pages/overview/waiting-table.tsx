// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MessageState, Statistics } from '../../api/shapes.ts';
import { formatCount } from '../../format/numbers.ts';
import { sentence, standingOf } from '../../format/words.ts';
import { Section } from '../../ui/section.tsx';

/** What waits, by its state and by its priority; each leads to its messages. */
export function WaitingTable({ waiting }: Pick<Statistics, 'waiting'>) {
  const states = Object.entries(waiting.by_state).map(([state, count]) => ({
    // The names of the answer are states.
    word: standingOf({ state: state as MessageState, result: null }).word,
    href: `/messages?standing=state:${state}`,
    count,
  }));
  const priorities = Object.entries(waiting.by_priority).map(([word, count]) => ({
    word,
    href: `/messages?standing=open&priority=${word}`,
    count,
  }));
  return (
    <Section title="Queue">
      {waiting.total === 0 ? (
        <p class="quiet">Nothing waits.</p>
      ) : (
        <div class="bars-pair">
          <Bars title="By state" rows={states} />
          <Bars title="By priority" rows={priorities} />
        </div>
      )}
    </Section>
  );
}

interface BarsProps {
  readonly title: string;
  readonly rows: readonly { readonly word: string; readonly href: string; readonly count: number }[];
}

function Bars({ title, rows }: BarsProps) {
  const most = Math.max(1, ...rows.map(({ count }) => count));
  return (
    <div>
      <h3>{title}</h3>
      <ul class="bars">
        {rows.map(({ word, href, count }) => (
          <li key={word}>
            <a href={`#${href}`}>{sentence(word)}</a>
            <progress value={count} max={most} aria-label={`${word}: ${count}`} />
            <span>{formatCount(count)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
