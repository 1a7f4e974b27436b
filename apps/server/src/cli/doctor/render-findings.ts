// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Colors, printable } from '../printable.ts';
import type { Finding, FindingStatus } from './finding.ts';

const WORDS: Readonly<Record<FindingStatus, string>> = {
  ok: 'ok',
  warning: 'warning',
  problem: 'PROBLEM',
  skipped: 'skipped',
};
const WIDTH = 7;

/** Lay out findings, those about one thing below its name. */
export function renderFindings(all: readonly Finding[], colors: Colors): string {
  const byThing = Object.groupBy(all, ({ about }) => about);
  return Object.entries(byThing)
    .map(([about, found = []]) => `${colors.bold(about)}\n${found.map((each) => lineOf(each, colors)).join('')}\n`)
    .join('');
}

/** `1 problem, 2 warnings`. */
export function countText(all: readonly Finding[], colors: Colors): string {
  const problems = all.filter(({ status }) => status === 'problem').length;
  const warnings = all.filter(({ status }) => status === 'warning').length;
  if (problems + warnings === 0) return `${colors.green('all is well')}\n`;
  const parts = [
    ...(problems === 0 ? [] : [colors.red(counted(problems, 'problem'))]),
    ...(warnings === 0 ? [] : [colors.yellow(counted(warnings, 'warning'))]),
  ];
  return `${parts.join(', ')}\n`;
}

function lineOf({ status, message, advice }: Finding, colors: Colors): string {
  const word = colorOf(status, colors)(WORDS[status].padEnd(WIDTH));
  const next = advice === null ? '' : `  ${' '.repeat(WIDTH)}  ${colors.dim('->')} ${printable(advice)}\n`;
  return `  ${word}  ${printable(message)}\n${next}`;
}

function colorOf(status: FindingStatus, colors: Colors): (text: string) => string {
  switch (status) {
    case 'ok':
      return colors.green;
    case 'warning':
      return colors.yellow;
    case 'problem':
      return colors.red;
    case 'skipped':
      return colors.dim;
    default:
      return status satisfies never;
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
