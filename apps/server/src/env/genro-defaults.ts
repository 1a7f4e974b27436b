// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

type Values = Readonly<Record<string, unknown>>;

/**
 * Wrong tokens of an address in a minute. Old clients go on for a while with a key that was replaced, many of them behind
 * one address, and a new key has to work there.
 */
const WRONG_TOKENS_PER_MINUTE = 600;

/** Where old clients are served, what is as it was in genro-mail-proxy unless a setting says otherwise. */
export function withGenroDefaults(values: Values): Values {
  if (values['compat'] !== 'genro') return values;
  return {
    ...values,
    retry: values['retry'] ?? { preset: 'original' },
    reports: withDefaults(values['reports'], { requireOk: false }),
    limits: withDefaults(values['limits'], { wrongTokensPerMinute: WRONG_TOKENS_PER_MINUTE }),
  };
}

/** A section that is no object is reported when it is parsed. */
function withDefaults(section: unknown, defaults: Values): unknown {
  if (section === undefined) return defaults;
  return typeof section === 'object' && section !== null ? { ...defaults, ...section } : section;
}
