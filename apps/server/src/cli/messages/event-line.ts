// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Colors, printable, shorten } from '../printable.ts';
import { shortTime } from '../times.ts';
import type { EventAnswer } from './message-answers.ts';

export interface EventLineOptions {
  readonly colors: Colors;
  /** Milliseconds: times of the same day are shown without it. */
  readonly now: number;
  /** What the event is about, where lines tell of several messages. */
  readonly subject?: string;
}

/** Beyond this many recipients they are counted. */
const MAX_NAMED = 3;
/** A relay may answer with a page. */
const MAX_REPLY = 160;
const TYPE_WIDTH = 14;

/** One line of a history. */
export function eventLine(event: EventAnswer, { colors, now, subject }: EventLineOptions): string {
  const words = [
    colors.dim(shortTime(event.at, now)),
    colorOf(event.type, colors)(event.type.padEnd(TYPE_WIDTH)),
    ...(subject === undefined ? [] : [colors.bold(printable(subject))]),
    ...(event.attempt > 0 ? [`attempt ${event.attempt}`] : []),
    ...(event.recipients.length === 0 && event.feedback === null ? [] : [recipientsIn(event).join('; ')]),
    ...reasonIn(event),
    ...(event.bounce_code === null ? [] : [event.bounce_code]),
    ...(event.possible_duplicate ? [colors.yellow('the relay may have taken it')] : []),
    ...(event.until === null ? [] : [colors.dim(`until ${shortTime(event.until, now)}`)]),
    ...(event.next_attempt_at === null ? [] : [colors.dim(`next attempt ${shortTime(event.next_attempt_at, now)}`)]),
  ];
  return `${words.join('  ').trimEnd()}\n`;
}

/** `550 5.1.1 no such user`. */
export function replyText({
  code,
  enhanced,
  reply,
}: Pick<EventAnswer['recipients'][number], 'code' | 'enhanced' | 'reply'>): string {
  return [code, enhanced, reply === null ? null : shorten(printable(reply), MAX_REPLY)]
    .filter((part) => part !== null && part !== '')
    .join(' ');
}

/** How good it is, in colour. */
export function colorOf(word: string, colors: Colors): (text: string) => string {
  if (GOOD.has(word)) return colors.green;
  if (BAD.has(word)) return colors.red;
  if (DOUBTFUL.has(word)) return colors.yellow;
  return colors.cyan;
}

const GOOD: ReadonlySet<string> = new Set(['sent', 'confirmed', 'account_resumed']);
const BAD: ReadonlySet<string> = new Set(['error', 'failed', 'expired', 'bounce', 'complaint']);
const DOUBTFUL: ReadonlySet<string> = new Set([
  ...['deferred', 'partially_sent', 'in_doubt', 'interrupted', 'held', 'suspended', 'cancelled', 'account_paused'],
]);

/** Those who got the same answer stand before it together. */
function recipientsIn({ recipients, feedback }: EventAnswer): readonly string[] {
  if (feedback !== null) return [printable(feedback.recipient)];
  const byReply = Object.groupBy(recipients, (each) => `${each.state}\n${replyText(each)}`);
  return Object.values(byReply).flatMap((group = []) => {
    const [first] = group;
    if (first === undefined) return [];
    const named = group.slice(0, MAX_NAMED).map(({ address }) => printable(address));
    const more = group.length > MAX_NAMED ? ` and ${group.length - MAX_NAMED} more` : '';
    const stage = first.stage === null || first.state === 'sent' ? '' : ` (${first.stage})`;
    return [`${named.join(', ')}${more}: ${replyText(first) || first.state}${stage}`];
  });
}

/** Where recipients have replies of their own, the reason repeats them. */
function reasonIn({ reason, recipients }: EventAnswer): readonly string[] {
  if (reason === null || recipients.some(({ reply }) => reply !== null && reason.includes(reply))) return [];
  return [shorten(printable(reason), MAX_REPLY)];
}
