// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { holds, type IpRange } from '../config/ip-ranges.ts';
import { grants, type Scope, type ScopeGrant, scopesOf } from './scopes.ts';

/** What keeps a key from everything that its kind may do. Null is no limit. */
export interface KeyLimits {
  /** A test key reaches sandboxes and their mail only. */
  readonly mode: 'live' | 'test';
  readonly scopes: readonly ScopeGrant[] | null;
  /** Domains and addresses, in lower case, one of which From and the envelope sender have to be of. */
  readonly senders: readonly string[] | null;
  /** Where it is used from. */
  readonly ipRanges: readonly IpRange[] | null;
  /** Requests. */
  readonly ratePerMinute: number | null;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | null;
}

export const NO_LIMITS: KeyLimits = {
  mode: 'live',
  scopes: null,
  senders: null,
  ipRanges: null,
  ratePerMinute: null,
  expiresAt: null,
};

/** Why the scope is closed; null where it is open. */
export function refusalOf({ scopes }: Pick<KeyLimits, 'scopes'>, scope: Scope): string | null {
  return grants(scopes, scope) ? null : `this key lacks the scope ${scope}`;
}

/** Whether mail may say that it is from there. */
export function maySendAs({ senders }: Pick<KeyLimits, 'senders'>, address: string): boolean {
  if (senders === null) return true;
  const plain = address.toLowerCase();
  return senders.includes(plain) || senders.includes(domainOf(plain));
}

/** The limits of `given` that leave more than those of its maker: what nobody may grant who does not have it. */
export function exceeding(given: KeyLimits, own: KeyLimits): readonly (keyof KeyLimits)[] {
  const checks: readonly (readonly [keyof KeyLimits, boolean])[] = [
    ['mode', own.mode === 'live' || given.mode === 'test'],
    ['scopes', scopesOf(given.scopes).every((scope) => grants(own.scopes, scope))],
    ['senders', isWithin(given.senders, own.senders, (sender, of) => sender === of || domainOf(sender) === of)],
    ['ipRanges', isWithin(given.ipRanges, own.ipRanges, (range, of) => holds(of, range))],
    [
      'ratePerMinute',
      (given.ratePerMinute ?? Number.POSITIVE_INFINITY) <= (own.ratePerMinute ?? Number.POSITIVE_INFINITY),
    ],
    ['expiresAt', (given.expiresAt ?? Number.POSITIVE_INFINITY) <= (own.expiresAt ?? Number.POSITIVE_INFINITY)],
  ];
  return checks.flatMap(([name, isKept]) => (isKept ? [] : [name]));
}

function isWithin<T>(
  given: readonly T[] | null,
  own: readonly T[] | null,
  covers: (one: T, by: T) => boolean,
): boolean {
  if (own === null) return true;
  return given?.every((one) => own.some((by) => covers(one, by))) === true;
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
