// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from '../world/fleet.ts';
import type { Books } from './close-books.ts';
import type { Scenario } from './scenario.ts';

/** Milliseconds in which what is shown follows what is stored. */
const FRESH_MS = 20_000;

/**
 * Hold what the instances show of themselves against the books. They count for as long as a process lives: where none
 * ended, sent + not sent + waiting = accepted.
 *
 * @returns what does not agree
 */
export async function checkMetrics(fleet: Fleet, scenario: Scenario, books: Books): Promise<readonly string[]> {
  const until = performance.now() + FRESH_MS;
  for (;;) {
    const wrong = compare(await Promise.all(fleet.living().map((api) => api.text('/metrics'))), scenario, books);
    if (wrong.length === 0 || performance.now() > until) return wrong;
    await sleep(500);
  }
}

function compare(texts: readonly string[], { troubles }: Scenario, books: Books): readonly string[] {
  const wrong: string[] = [];
  const expectOf = (name: string, shown: number, stored: number): void => {
    if (shown !== stored) wrong.push(`${name} shows ${shown}, and the books ${stored}`);
  };
  for (const text of texts) {
    expectOf('gmp_pending_messages', sumOf(text, 'gmp_pending_messages'), books.waiting);
    expectOf('gmp_report_events_waiting', sumOf(text, 'gmp_report_events_waiting'), 0);
  }
  if (troubles.some(({ kind }) => kind === 'kill' || kind === 'stop')) return wrong;
  const all = texts.join('\n');
  expectOf('gmp_sent_total', sumOf(all, 'gmp_sent_total'), books.sent);
  expectOf('gmp_errors_total', sumOf(all, 'gmp_errors_total'), books.notSent);
  return wrong;
}

/** Of all series of a metric. */
function sumOf(text: string, name: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
