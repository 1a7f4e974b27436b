// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SmtpReply } from '../reply.ts';

/** Mail to this domain can never be delivered anywhere (RFC 2606, 2), so no real address has an outcome of these. */
export const SIMULATED_DOMAIN = 'simulate.invalid';

/** What a sandbox does with mail for an address. */
export type Simulation =
  | {
      readonly kind: 'accept';
      /** Time that its reply to the message takes. */
      readonly afterMs: number;
    }
  | { readonly kind: 'refuse'; readonly reply: SmtpReply }
  /** The connection is cut when the message is written, and before its reply. */
  | { readonly kind: 'cut' };

/** Longer than any relay is waited for. */
const MAX_SLOW_SECONDS = 3_600;

const ACCEPT: Simulation = { kind: 'accept', afterMs: 0 };
const refusals = {
  hardbounce: { code: 550, enhanced: '5.1.1', text: 'the sandbox simulates an address that does not exist' },
  blocked: {
    code: 550,
    enhanced: '5.7.1',
    text: 'the sandbox simulates a relay that refuses the message by its policy',
  },
  softbounce: { code: 450, enhanced: '4.2.1', text: 'the sandbox simulates a mailbox that takes no mail for now' },
  mailboxfull: { code: 452, enhanced: '4.2.2', text: 'the sandbox simulates a mailbox that is full' },
} as const satisfies Record<string, SmtpReply>;

/**
 * Tell by an address what becomes of mail to it: `hardbounce@simulate.invalid` is refused, `softbounce+2@` is put off
 * twice. A tag that says nothing to the name before it is a tag as any other; every other address takes its mail.
 *
 * @param attempts - how often the address was tried before
 */
export function simulate(address: string, attempts: number): Simulation {
  const at = address.lastIndexOf('@');
  if (address.slice(at + 1).toLowerCase() !== SIMULATED_DOMAIN) return ACCEPT;
  const local = address.slice(0, at).toLowerCase();
  const plus = local.indexOf('+');
  const name = plus === -1 ? local : local.slice(0, plus);
  const tag = plus === -1 ? '' : local.slice(plus + 1);
  switch (name) {
    case 'hardbounce':
    case 'blocked':
      return { kind: 'refuse', reply: refusals[name] };
    case 'softbounce':
    case 'mailboxfull':
      return attempts < timesOf(tag, Number.POSITIVE_INFINITY) ? { kind: 'refuse', reply: refusals[name] } : ACCEPT;
    case 'indoubt':
      return attempts < timesOf(tag, 1) ? { kind: 'cut' } : ACCEPT;
    case 'slow':
      return { kind: 'accept', afterMs: secondsOf(tag) * 1_000 };
    default:
      return ACCEPT;
  }
}

function timesOf(tag: string, otherwise: number): number {
  return /^\d{1,4}$/.test(tag) ? Number(tag) : otherwise;
}

function secondsOf(tag: string): number {
  const [, digits = '5'] = /^(\d{1,6})s?$/.exec(tag) ?? [];
  return Math.min(Number(digits), MAX_SLOW_SECONDS);
}
