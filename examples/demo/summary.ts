// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import Table from 'cli-table3';
import pc from 'picocolors';
import type { MessageEvent, MessageStatus } from './api.ts';
import type { Outcome } from './check.ts';

/** More lines than this help nobody. */
const MAX_PROBLEMS = 20;

export function printSummary({ messages, reports }: Outcome, accepted: number, seconds: number): void {
  const count = (matches: (message: MessageStatus) => boolean): number => messages.filter(matches).length;
  const delivered = count(({ result }) => result === 'sent');
  const table = new Table({ style: { head: [], border: [], compact: true }, colAligns: ['left', 'right'] });
  table.push(
    ['accepted', accepted],
    ['delivered', delivered],
    ['retried', count(({ attempts }) => attempts > 1)],
    ['failed', count(({ result }) => result === 'failed')],
    ['reports received', reports.length],
    ['seconds', seconds.toFixed(1)],
    ['messages/s', Math.round(messages.length / seconds)],
  );
  console.log(`\n${table.toString()}`);
}

/** Print what happened to one message, with the relay's replies. */
export function printTimeline(message: MessageStatus, events: readonly MessageEvent[]): void {
  console.log(`\nHistory of ${pc.bold(message.id)}, as GET /v1/messages/${message.id}/events tells it:`);
  const start = Date.parse(message.created_at);
  const line = (at: string, what: string): void => {
    const after = `+${Date.parse(at) - start} ms`;
    console.log(`  ${after.padStart(9)}  ${what}`);
  };
  line(message.created_at, 'accepted');
  for (const { at, type, attempt, recipients, next_attempt_at } of events) {
    const next = next_attempt_at === null ? '' : `, due again at +${Date.parse(next_attempt_at) - start} ms`;
    line(at, `attempt ${attempt}: ${type}${next}`);
    for (const { address, code, enhanced, reply } of recipients) {
      console.log(pc.dim(`${' '.repeat(13)}${address}: ${[code, enhanced, reply].filter(Boolean).join(' ')}`));
    }
  }
}

export function printProblems(problems: readonly string[]): void {
  console.error(pc.red(`\n${problems.length} things are not as they should be:`));
  for (const problem of problems.slice(0, MAX_PROBLEMS)) console.error(`  ${problem}`);
  if (problems.length > MAX_PROBLEMS) console.error(`  and ${problems.length - MAX_PROBLEMS} more`);
}
