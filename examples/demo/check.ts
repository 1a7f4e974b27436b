// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MessageStatus, RecipientStatus } from './api.ts';
import type { PlannedMessage } from './messages.ts';
import type { RelayedMessage } from './relay.ts';
import type { Report } from './report-receiver.ts';

/** What the three parties say in the end. */
export interface Outcome {
  /** The relay: what it took. */
  readonly relayed: readonly RelayedMessage[];
  /** The API: where each message stands. */
  readonly messages: readonly MessageStatus[];
  /** The API: what became of the recipients of the messages that failed, by id. */
  readonly failures: ReadonlyMap<string, readonly RecipientStatus[]>;
  /** The reports, in the order they came. */
  readonly reports: readonly Report[];
}

/** Compare what happened with what was planned; gives one line for each difference. */
export function findProblems(planned: readonly PlannedMessage[], outcome: Outcome): readonly string[] {
  const ids = new Set(planned.map(({ message }) => message.id));
  const relayed = Map.groupBy(outcome.relayed, ({ id }) => id);
  const reports = Map.groupBy(outcome.reports, ({ id }) => id);
  const statuses = Map.groupBy(outcome.messages, ({ id }) => id);
  const strangers = [...relayed.keys(), ...reports.keys(), ...statuses.keys()].filter((id) => !ids.has(id));
  return [
    ...strangers.map((id) => `${id}: nobody submitted it`),
    ...planned.flatMap((plan) => {
      const { id } = plan.message;
      return [
        ...relayProblems(plan, relayed.get(id) ?? []),
        ...apiProblems(plan, statuses.get(id) ?? [], outcome.failures.get(id) ?? []),
        ...reportProblems(plan, reports.get(id) ?? []),
      ].map((problem) => `${id}: ${problem}`);
    }),
  ];
}

/** The relay must have taken each message once, for all its recipients, with its attachment unharmed. */
function relayProblems({ result, recipients, attachmentHash }: PlannedMessage, copies: readonly RelayedMessage[]) {
  const expected = result === 'sent' ? 1 : 0;
  if (copies.length !== expected) return [`the relay took it ${copies.length} times, not ${expected}`];
  const problems: string[] = [];
  for (const copy of copies) {
    if (!isSame(copy.recipients, recipients)) problems.push(`the relay saw the recipients ${copy.recipients}`);
    if (!isSame(copy.attachments, attachmentHash === undefined ? [] : [attachmentHash])) {
      problems.push('the attachments at the relay are not those that were submitted');
    }
  }
  return problems;
}

/** The API must know the end of each message, and why one failed. */
function apiProblems(
  { result, attempts }: PlannedMessage,
  found: readonly MessageStatus[],
  recipients: readonly RecipientStatus[],
) {
  const [status] = found;
  if (status === undefined || found.length > 1) return [`the API lists it ${found.length} times`];
  const problems: string[] = [];
  if (status.state !== 'final' || status.result !== result) {
    problems.push(`the API says ${status.result ?? status.state}, expected ${result}`);
  }
  if (status.attempts !== attempts) problems.push(`the API counts ${status.attempts} attempts, expected ${attempts}`);
  if (result === 'failed' && !recipients.some(({ code }) => code === 550)) {
    problems.push('the API does not name the reply code 550');
  }
  return problems;
}

/** One report for each retry that was needed, one for the end, and no more. */
function reportProblems({ result, attempts }: PlannedMessage, reports: readonly Report[]) {
  const ends = reports.filter(({ deferred_ts }) => deferred_ts === undefined);
  const [end] = ends;
  if (end === undefined || ends.length > 1) return [`its end was reported ${ends.length} times`];
  const problems: string[] = [];
  const reported = end.sent_ts === undefined ? 'failed' : 'sent';
  if (reported !== result) problems.push(`reported as ${reported}, expected ${result}`);
  if (result === 'failed' && !end.recipients.some(({ code }) => code === 550)) {
    problems.push('the report does not name the reply code 550');
  }
  const deferrals = reports.length - ends.length;
  if (deferrals !== attempts - 1) problems.push(`deferral reported ${deferrals} times, expected ${attempts - 1}`);
  return problems;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && other.every((entry) => one.includes(entry));
}
