// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Counter, type Registry } from 'prom-client';

/** Whose mail a sample counts. `account_name` equals `account_id`, as in the original, for its dashboards. */
export interface AccountLabels {
  readonly tenant_id: string;
  readonly tenant_name: string;
  readonly account_id: string;
  readonly account_name: string;
}

/** How many labels the counters of accounts have. */
export interface AccountCounterSettings {
  /** Whether samples tell the tenant. */
  readonly tenantLabels: boolean;
  /** Accounts with samples of their own; all others share one. */
  readonly maxAccounts: number;
}

const ACCOUNT_COUNTERS = {
  sent: { name: 'gmp_sent_total', help: 'Messages that the relay took for at least one recipient' },
  errors: { name: 'gmp_errors_total', help: 'Messages that ended without being delivered to anyone' },
  deferred: { name: 'gmp_deferred_total', help: 'Attempts that failed for now' },
  bounced: { name: 'gmp_bounced_total', help: 'Recipients from whom a message came back after the relay took it' },
  complaints: { name: 'gmp_complaints_total', help: 'Recipients who complained of a message' },
  rateLimited: { name: 'gmp_rate_limited_total', help: 'Messages that waited for a rate limit' },
} as const;

export type AccountCounter = keyof typeof ACCOUNT_COUNTERS;

/** What was counted of an account, in this process's life: whoever counts adds to it. */
export type AccountTally = { -readonly [Name in AccountCounter]: number } & { readonly labels: Partial<AccountLabels> };

/** No id has parentheses. */
const OTHERS = '(others)';
const ALL_OTHERS: AccountLabels = {
  tenant_id: OTHERS,
  tenant_name: OTHERS,
  account_id: OTHERS,
  account_name: OTHERS,
};

/** The counters by account, of a bounded number of accounts. */
export class AccountCounters {
  readonly #settings: AccountCounterSettings;
  readonly #tallies = new Map<string, AccountTally>();

  constructor(registry: Registry, settings: AccountCounterSettings) {
    this.#settings = settings;
    const tallies = this.#tallies;
    const tenant = settings.tenantLabels ? ['tenant_id', 'tenant_name'] : [];
    for (const [name, { name: metric, help }] of Object.entries(ACCOUNT_COUNTERS)) {
      new Counter({
        name: metric,
        help,
        labelNames: [...tenant, 'account_id', 'account_name'],
        registers: [registry],
        collect() {
          this.reset();
          // The keys of the table are those of a tally.
          for (const tally of tallies.values()) this.inc(tally.labels, tally[name as AccountCounter]);
        },
      });
    }
  }

  /** That of the account; made with zeros when it is new. */
  of(account: AccountLabels): AccountTally {
    const { tenantLabels, maxAccounts } = this.#settings;
    const labels = tenantLabels ? account : withoutTenant(account);
    const key = JSON.stringify(labels);
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    const isFull = this.#tallies.size >= maxAccounts && account !== ALL_OTHERS;
    return isFull ? this.of(ALL_OTHERS) : this.#add(key, labels);
  }

  #add(key: string, labels: Partial<AccountLabels>): AccountTally {
    const tally = { labels, sent: 0, errors: 0, deferred: 0, bounced: 0, complaints: 0, rateLimited: 0 };
    this.#tallies.set(key, tally);
    return tally;
  }
}

function withoutTenant({ account_id, account_name }: AccountLabels): Partial<AccountLabels> {
  return { account_id, account_name };
}
