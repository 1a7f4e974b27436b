// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What breaks: the process, by SIGKILL, or the connection, while the process lives. */
export const FAULTS = ['kill', 'cut'] as const;
export type Fault = (typeof FAULTS)[number];

/** What is done with a message of which nobody knows whether the relay has it. */
export const POLICIES = ['retry', 'hold', 'fail'] as const;
export type Policy = (typeof POLICIES)[number];

export const DATABASES = ['sqlite', 'postgres'] as const;
export type DatabaseKind = (typeof DATABASES)[number];

/** Where a relay keeps the client waiting, in the order of a delivery. */
export const WIRE_STEPS = [
  'connected',
  'ehlo',
  'starttls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'body',
  'before-dot',
  'after-dot',
] as const;
export type WireStep = (typeof WIRE_STEPS)[number];

/** All steps of a delivery, from the acceptance to the report, as the table names them. */
export const STEPS = {
  accepted: 'accepted, before the claim',
  claimed: 'claimed, before the connection',
  connected: 'connected, before the greeting',
  ehlo: 'EHLO said',
  starttls: 'STARTTLS said',
  auth: 'AUTH said',
  mail: 'MAIL said',
  rcpt: 'RCPT said',
  data: 'DATA said',
  body: 'in the body',
  'before-dot': 'body sent, its dot did not arrive',
  'after-dot': 'dot arrived, before the reply',
  'taken-not-stored': '250 said, before the commit',
  'stored-not-told': 'committed, before the report',
  'told-not-marked': 'reported, before that is stored',
} as const;
export type Step = keyof typeof STEPS;

/** Faults that mean nothing at a step: there is no connection yet. */
export function isPossible(step: Step, fault: Fault): boolean {
  return fault === 'kill' || (step !== 'accepted' && step !== 'claimed');
}

/** What became of one message, when nothing moves any more. */
export interface Outcome {
  /** Its result, or its state where that is not final. */
  readonly end: string;
  /** How often the relay had it in full and could have taken it. */
  readonly copies: number;
  /** Whether an event says that the relay may have it twice. */
  readonly isMarked: boolean;
  /** Whether the tenant was told of the end, once or again under the same id; null where nobody is told. */
  readonly told: Told | null;
}

/** `renamed` would be two reports to those who go by the id. */
export type Told = 'never' | 'once' | 'again' | 'renamed';

/** One row of the table: a step, what broke, under which policy, on which database. */
export interface Cell {
  readonly step: Step;
  readonly fault: Fault;
  readonly policy: Policy;
  readonly database: DatabaseKind;
  readonly outcome: Outcome;
}
