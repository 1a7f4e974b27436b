// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What a relay takes at most (RFC 9422); null where it doesn't say. */
export interface SmtpLimits {
  /** Transactions on one connection. */
  readonly mailMax: number | null;
  /** RCPT commands in one transaction. */
  readonly rcptMax: number | null;
  /** Different recipient domains in one transaction. */
  readonly rcptDomainMax: number | null;
}

export const NO_LIMITS: SmtpLimits = { mailMax: null, rcptMax: null, rcptDomainMax: null };

/** Read the parameters of LIMITS, in capitals; what is unknown or no limit of RFC 9422 says nothing. */
export function parseLimits(parameters: readonly string[]): SmtpLimits {
  const limits = new Map<string, number>();
  for (const parameter of parameters) {
    // RFC 9422 §4: one to six digits, the first of them not 0.
    const [, name, value] = /^([A-Z]+)=([1-9]\d{0,5})$/.exec(parameter) ?? [];
    if (name !== undefined) limits.set(name, Number(value));
  }
  return {
    mailMax: limits.get('MAILMAX') ?? null,
    rcptMax: limits.get('RCPTMAX') ?? null,
    rcptDomainMax: limits.get('RCPTDOMAINMAX') ?? null,
  };
}
