// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { FAULTS, type Outcome, POLICIES, STEPS, type Step } from './cells.ts';
import { PROMISED } from './promised.ts';

export const BEGIN = '<!-- crash matrix: begin, made by `pnpm torture crash-matrix --write` -->';
export const END = '<!-- crash matrix: end -->';

/** The promised table in Markdown: a row for each step, a column for each fault and policy. */
export function renderMatrix(): string {
  const columns = FAULTS.flatMap((fault) => POLICIES.map((policy) => ({ fault, policy })));
  const head = ['step', ...columns.map(({ fault, policy }) => `${fault}, ${policy}`)];
  // The keys of an object literal are these.
  const rows = (Object.entries(STEPS) as [Step, string][]).map(([step, title]) => [
    title,
    ...columns.map(({ fault, policy }) => textOf(PROMISED[fault][step]?.[policy])),
  ]);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function textOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '';
  const { end, copies, isMarked, told } = outcome;
  const parts = [end === 'in_doubt' ? 'in doubt' : end];
  if (end === 'sent' && copies > 1) parts.push(`${copies} copies`);
  if (end !== 'sent') parts.push(copies === 0 ? 'the relay has none' : 'the relay has it');
  if (end === 'sent' && isMarked) parts.push('marked');
  if (told === 'again') parts.push('told again');
  return parts.join(', ');
}

/** Put the table between its marks. @throws Error when the page has none */
export function withMatrix(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) throw new Error('the page has no place for the crash matrix');
  return `${page.slice(0, begin + BEGIN.length)}\n\n${renderMatrix()}\n\n${page.slice(end)}`;
}
