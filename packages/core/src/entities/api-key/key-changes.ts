// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../../errors.ts';
import { exceeding, type KeyLimits } from '../../operations/key-limits.ts';
import { limitsOf, type Principal } from '../../operations/principal.ts';
import { invalidInput } from '../../operations/validate.ts';
import { type ApiKey, keyLimits, type StoredLimits } from './api-key.model.ts';
import type { KeySettings } from './api-key.schema.ts';

/** What can be set of a key. */
export type KeyState = StoredLimits & Pick<ApiKey, 'label' | 'expires_at'>;

/**
 * Lay what is given over what a key has: absent keeps, null takes the limit away.
 *
 * @throws {MailProxyError} `invalid_input` for an end that has passed
 */
export function withSettings(state: KeyState, given: Partial<KeySettings>, now: number): KeyState {
  const expiresAt = typeof given.expires_at === 'string' ? Date.parse(given.expires_at) : given.expires_at;
  if (typeof expiresAt === 'number' && expiresAt <= now) {
    throw invalidInput([{ pointer: '/expires_at', message: 'expected a time to come' }]);
  }
  const kept = <T>(value: T | undefined, before: T): T => (value === undefined ? before : value);
  return {
    label: given.label === undefined ? state.label : (given.label ?? ''),
    mode: state.mode,
    scopes: kept(given.scopes, state.scopes),
    senders: kept(given.senders, state.senders),
    ip_ranges: kept(given.ip_ranges, state.ip_ranges),
    rate_per_minute: kept(given.rate_per_minute, state.rate_per_minute),
    expires_at: kept(expiresAt, state.expires_at),
  };
}

/** What a key has of which nothing is said: all that its maker has, and no more. */
export function inherited(principal: Principal): Omit<KeyState, 'label' | 'mode'> {
  const { scopes, senders, ipRanges, ratePerMinute, expiresAt } = limitsOf(principal);
  return {
    scopes,
    senders,
    ip_ranges: ipRanges?.map(({ address, bits }) => `${address.toString()}/${bits}`) ?? null,
    rate_per_minute: ratePerMinute,
    expires_at: expiresAt,
  };
}

/**
 * Nobody hands out what they do not have, neither with a new key nor by changing one that has more than theirs.
 *
 * @throws {MailProxyError} `forbidden`
 */
export function expectNoMore(principal: Principal, ...states: readonly Omit<KeyState, 'label'>[]): void {
  const own = limitsOf(principal);
  const more = new Set(states.flatMap((state) => exceeding(keyLimits(state), own)));
  if (more.size === 0) return;
  const names = [...more].map((limit) => FIELDS[limit]).join(', ');
  throw new MailProxyError('forbidden', {
    detail: `that key would allow more than the one that asks for it: ${names}`,
  });
}

const FIELDS: Readonly<Record<keyof KeyLimits, string>> = {
  mode: 'mode',
  scopes: 'scopes',
  senders: 'senders',
  ipRanges: 'ip_ranges',
  ratePerMinute: 'rate_per_minute',
  expiresAt: 'expires_at',
};
