// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { type AccountCounterSettings, AccountCounters } from './account-counters.ts';

function countersWith(settings: Partial<AccountCounterSettings> = {}) {
  const registry = new Registry();
  const counters = new AccountCounters(registry, { tenantLabels: true, maxAccounts: 1_000, ...settings });
  const count = (tenant: string, account: string): void => {
    const labels = { tenant_id: tenant, tenant_name: `The ${tenant}`, account_id: account, account_name: account };
    counters.of(labels).sent += 1;
  };
  const sent = async (): Promise<readonly string[]> => {
    const text = await registry.getSingleMetricAsString('gmp_sent_total');
    return text.split('\n').filter((line) => !line.startsWith('#') && line !== '');
  };
  return { count, sent };
}

test('accounts beyond the bound share one series, and those before it keep theirs', async () => {
  const { count, sent } = countersWith({ maxAccounts: 2 });
  for (const account of ['a', 'b', 'c', 'd', 'a', 'c']) count('acme', account);
  const of = (tenant: string, name: string, account: string): string =>
    `gmp_sent_total{tenant_id="${tenant}",tenant_name="${name}",account_id="${account}",account_name="${account}"}`;
  expect(await sent()).toEqual([
    `${of('acme', 'The acme', 'a')} 2`,
    `${of('acme', 'The acme', 'b')} 1`,
    `${of('(others)', '(others)', '(others)')} 3`,
  ]);
});

test('without labels of tenants, accounts of one id are counted together', async () => {
  const { count, sent } = countersWith({ tenantLabels: false });
  count('acme', 'main');
  count('other', 'main');
  expect(await sent()).toEqual(['gmp_sent_total{account_id="main",account_name="main"} 2']);
});
