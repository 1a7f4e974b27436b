// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** How good it is. `skipped` says what could not be looked at. */
export type FindingStatus = 'ok' | 'warning' | 'problem' | 'skipped';

/** One thing that was looked at. */
export interface Finding {
  /** Stable: `relay.certificate`. */
  readonly check: string;
  /** What it is about, such as an account or a domain; findings about the same thing stand together. */
  readonly about: string;
  readonly status: FindingStatus;
  readonly message: string;
  /** What to do about it; null where nothing is to be done. */
  readonly advice: string | null;
}

/** Makes findings of one check about one thing. */
export interface Findings {
  ok(message: string): Finding;
  warning(message: string, advice: string): Finding;
  problem(message: string, advice: string): Finding;
  skipped(message: string, advice?: string): Finding;
}

export function findings(check: string, about: string): Findings {
  return {
    ok: (message) => ({ check, about, status: 'ok', message, advice: null }),
    warning: (message, advice) => ({ check, about, status: 'warning', message, advice }),
    problem: (message, advice) => ({ check, about, status: 'problem', message, advice }),
    skipped: (message, advice) => ({ check, about, status: 'skipped', message, advice: advice ?? null }),
  };
}
