// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Colors, printable } from '../printable.ts';
import { localTime, relativeTime, shortTime } from '../times.ts';
import { colorOf, eventLine, replyText } from './event-line.ts';
import type { EventAnswer, MessageAnswer, RecipientAnswer, WaitingAnswer } from './message-answers.ts';

export interface RenderMessageOptions {
  readonly colors: Colors;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What was said between us and the relay at the last attempt, too. */
  readonly transcript: boolean;
}

const PRIORITIES = ['immediate', 'high', 'medium', 'low'];
/** Beyond this many recipients those that were served well are counted. */
const MAX_RECIPIENTS = 20;
const LABEL_WIDTH = 10;

/** Lay out all that is known of a message: what it is, whom it reached, what it waits for, and its history. */
export function renderMessage(
  message: MessageAnswer,
  events: readonly EventAnswer[],
  options: RenderMessageOptions,
): string {
  return [
    titleOf(message, options),
    fieldsOf(message, options),
    recipientsOf(message.recipients, options),
    waitsOf(message, options),
    timelineOf(message, events, options),
    options.transcript ? transcriptOf(message, options) : '',
  ].join('');
}

/** What state a message is in, in one word. */
export function stateOf({ state, result }: Pick<MessageAnswer, 'state' | 'result'>): string {
  return result ?? state;
}

/** One thing that a message waits for: `rate_limit (account) until 06:30:00, 12 go first: ...`. */
export function waitText({ kind, scope, until, position, detail }: WaitingAnswer, now: number): string {
  const parts = [
    `${kind} (${scope})`,
    ...(until === null ? [] : [`until ${shortTime(until, now)} (${relativeTime(until, now)})`]),
    ...(position === null || position === 0 ? [] : [`${position} go first`]),
  ];
  return parts.join(', ') + (detail === null ? '' : `: ${printable(detail)}`);
}

function titleOf(message: MessageAnswer, { colors }: RenderMessageOptions): string {
  const state = stateOf(message);
  return `${colors.bold(printable(message.id))}  ${colorOf(state, colors)(state)}\n`;
}

function fieldsOf(message: MessageAnswer, { colors, now }: RenderMessageOptions): string {
  const { subject, from, attachments } = message;
  const at = (time: string | null): string | null =>
    time === null ? null : `${localTime(time)} (${relativeTime(time, now)})`;
  const files = attachments.map(
    ({ filename, size, detached_by }) =>
      printable(filename) + (size === null ? '' : ` (${size} bytes)`) + (detached_by === null ? '' : ', as a link'),
  );
  const rows: readonly (readonly [string, string | null])[] = [
    ['Subject', subject === null ? (message.content_removed ? 'removed by its age' : null) : printable(subject)],
    ['From', from === null ? null : printable(from)],
    ['Account', `${message.tenant_id}/${printable(message.account_id)}`],
    ['Priority', PRIORITIES[message.priority] ?? String(message.priority)],
    ['Batch', message.batch_code],
    ['Files', files.length === 0 ? null : files.join(', ')],
    ['Accepted', at(message.created_at)],
    ['Attempts', message.attempts === 0 ? null : String(message.attempts)],
    ['Next', message.state === 'final' ? null : at(message.next_attempt_at)],
    ['Given up', message.state === 'final' ? null : at(message.expires_at)],
    ['Final', at(message.final_at)],
    ['Message-ID', message.message_id],
    ['Key', message.pk],
  ];
  return rows
    .flatMap(([name, value]) => (value === null ? [] : [`  ${colors.dim(name.padEnd(LABEL_WIDTH))}  ${value}\n`]))
    .join('');
}

function recipientsOf(recipients: readonly RecipientAnswer[], { colors }: RenderMessageOptions): string {
  const isCounted = (recipient: RecipientAnswer, at: number): boolean =>
    recipients.length > MAX_RECIPIENTS && recipient.state === 'sent' && at >= MAX_RECIPIENTS;
  const named = recipients.filter((each, at) => !isCounted(each, at));
  const width = Math.max(0, ...named.map(({ address }) => address.length));
  const lines = named.map((recipient) => {
    const { address, kind, state, verdict } = recipient;
    const blame = verdict === null || state === 'sent' ? '' : colors.dim(`  (${verdict})`);
    const reply = replyText(recipient);
    const end = `${reply === '' ? '' : `  ${reply}`}${blame}`;
    return `  ${colors.dim(kind.padEnd(3))}  ${printable(address).padEnd(width)}  ${colorOf(state, colors)(state.padEnd(8))}${end}`;
  });
  const rest = recipients.length - named.length;
  const all = rest === 0 ? lines : [...lines, `  and ${rest} more that were sent`];
  return section('Recipients', all, colors);
}

function waitsOf({ waiting_for }: MessageAnswer, { colors, now }: RenderMessageOptions): string {
  return section(
    'Waits for',
    waiting_for.map((wait) => `  ${waitText(wait, now)}`),
    colors,
  );
}

function timelineOf(message: MessageAnswer, events: readonly EventAnswer[], { colors, now }: RenderMessageOptions) {
  const accepted = `${colors.dim(shortTime(message.created_at, now))}  ${colors.cyan('accepted')}`;
  const lines = events.map((event) => eventLine(event, { colors, now }).trimEnd());
  return section(
    'Timeline',
    [accepted, ...lines].map((line) => `  ${line}`),
    colors,
  );
}

function transcriptOf({ history }: MessageAnswer, { colors }: RenderMessageOptions): string {
  const last = history.findLast(({ transcript }) => transcript !== null);
  const lines = last?.transcript?.map((line) => `  ${printable(line)}`);
  const title = last === undefined ? 'Transcript' : `Transcript of attempt ${last.attempt}`;
  return section(title, lines ?? ['  none is kept, or the key lacks messages:content'], colors);
}

function section(title: string, lines: readonly string[], colors: Colors): string {
  if (lines.length === 0) return '';
  return `\n${colors.bold(title)}\n${lines.map((line) => `${line.trimEnd()}\n`).join('')}`;
}
