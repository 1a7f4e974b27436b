// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { NO_LIMITS, parseLimits, type SmtpLimits } from './limits.ts';

/** What a relay announced in its reply to EHLO (RFC 5321 §4.1.1.1). */
export interface SmtpCapabilities {
  /** RFC 2920. */
  readonly pipelining: boolean;
  /** RFC 1870: largest message in bytes; null where none is announced or it has no limit. */
  readonly maxBytes: number | null;
  /** RFC 1870: MAIL may carry SIZE=. */
  readonly size: boolean;
  /** RFC 6152. */
  readonly eightBitMime: boolean;
  /** RFC 6531. */
  readonly smtpUtf8: boolean;
  /** RFC 3461: MAIL may carry ENVID= and RET=. */
  readonly dsn: boolean;
  /** RFC 3207. */
  readonly startTls: boolean;
  /** RFC 4954: SASL mechanisms in capitals. */
  readonly authMechanisms: ReadonlySet<string>;
  /** RFC 9422. */
  readonly limits: SmtpLimits;
}

/** Those of a relay that knows HELO only. */
export const NO_CAPABILITIES: SmtpCapabilities = {
  pipelining: false,
  maxBytes: null,
  size: false,
  eightBitMime: false,
  smtpUtf8: false,
  dsn: false,
  startTls: false,
  authMechanisms: new Set(),
  limits: NO_LIMITS,
};

/** Read the lines of an EHLO reply; the first is the relay's greeting and says nothing. */
export function parseCapabilities(lines: readonly string[]): SmtpCapabilities {
  const parameters = new Map<string, readonly string[]>();
  const authMechanisms = new Set<string>();
  for (const line of lines.slice(1)) {
    // `AUTH=LOGIN` was an early draft's form, still sent beside or instead of the right one.
    const [keyword = '', ...values] = line
      .toUpperCase()
      .replace(/^AUTH=/, 'AUTH ')
      .trim()
      .split(/ +/);
    parameters.set(keyword, values);
    if (keyword === 'AUTH') for (const mechanism of values) authMechanisms.add(mechanism);
  }
  return {
    pipelining: parameters.has('PIPELINING'),
    maxBytes: parseMaxBytes(parameters.get('SIZE')?.[0]),
    size: parameters.has('SIZE'),
    eightBitMime: parameters.has('8BITMIME'),
    smtpUtf8: parameters.has('SMTPUTF8'),
    dsn: parameters.has('DSN'),
    startTls: parameters.has('STARTTLS'),
    authMechanisms,
    limits: parseLimits(parameters.get('LIMITS') ?? []),
  };
}

/** RFC 1870 §4: 0 is "no fixed limit". A value that is no number says nothing either. */
function parseMaxBytes(value: string | undefined): number | null {
  if (value === undefined || !/^\d{1,15}$/.test(value)) return null;
  return Number(value) || null;
}
