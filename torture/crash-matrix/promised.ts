// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Cell, Fault, Outcome, Policy, Step } from './cells.ts';

const SENT: Outcome = { end: 'sent', copies: 1, isMarked: false, told: null };
const MARKED: Outcome = { ...SENT, isMarked: true };
const TWICE: Outcome = { ...MARKED, copies: 2 };
const TOLD_AGAIN: Outcome = { ...SENT, told: 'again' };
const held = (copies: number): Outcome => ({ end: 'in_doubt', copies, isMarked: true, told: null });
const failed = (copies: number): Outcome => ({ end: 'failed', copies, isMarked: true, told: null });

type Row = Readonly<Record<Policy, Outcome>>;

const always = (outcome: Outcome): Row => ({ retry: outcome, hold: outcome, fail: outcome });

/** Under `retry` nothing says that the message was not handed over yet, so that each try counts as in doubt. */
const NOT_HANDED_OVER: Row = { retry: MARKED, hold: SENT, fail: SENT };
/** MAIL was said, and nobody knows how far it came. */
const NOT_THERE: Row = { retry: MARKED, hold: held(0), fail: failed(0) };
const THERE: Row = { retry: TWICE, hold: held(1), fail: failed(1) };

/** What is promised to become of a message, the same on both databases. */
export const PROMISED: Readonly<Record<Fault, Readonly<Partial<Record<Step, Row>>>>> = {
  kill: {
    accepted: always(SENT),
    claimed: NOT_HANDED_OVER,
    connected: NOT_HANDED_OVER,
    ehlo: NOT_HANDED_OVER,
    starttls: NOT_HANDED_OVER,
    auth: NOT_HANDED_OVER,
    mail: NOT_THERE,
    rcpt: NOT_THERE,
    data: NOT_THERE,
    body: NOT_THERE,
    'before-dot': NOT_THERE,
    'after-dot': THERE,
    'taken-not-stored': THERE,
    'stored-not-told': always(TOLD_AGAIN),
    'told-not-marked': always(TOLD_AGAIN),
  },
  // The process lives, so that it knows how far it came: only what may have crossed the dot is in doubt.
  cut: {
    connected: always(SENT),
    ehlo: always(SENT),
    starttls: always(SENT),
    auth: always(SENT),
    mail: always(SENT),
    rcpt: always(SENT),
    data: always(SENT),
    body: always(SENT),
    'before-dot': NOT_THERE,
    'after-dot': THERE,
    'taken-not-stored': always(SENT),
    'stored-not-told': always(TOLD_AGAIN),
    'told-not-marked': always(TOLD_AGAIN),
  },
};

/** What is promised of this cell; undefined where its step and its fault do not go together. */
export function promisedOf({ step, fault, policy }: Cell): Outcome | undefined {
  return PROMISED[fault][step]?.[policy];
}

/** What no table may promise: mail that is lost, and a copy too many of which nobody is told. */
export function brokenPromise({ policy, outcome }: Pick<Cell, 'policy' | 'outcome'>): string | null {
  const { end, copies, isMarked, told } = outcome;
  if (end === 'sent' && copies === 0) return 'lost: it counts as sent, and the relay has none';
  if (end !== 'sent' && end !== 'in_doubt' && end !== 'failed') return `it ended as ${end}`;
  if (end !== 'sent' && !isMarked) return 'nothing says that the relay may have it';
  if (copies > 1 && !isMarked) return 'sent twice, and nothing says so';
  if (copies > 1 && policy !== 'retry') return `sent twice under ${policy}`;
  if (told === 'never' || told === 'renamed') return `its report came ${told}`;
  return null;
}
