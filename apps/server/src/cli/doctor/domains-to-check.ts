// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { CallFailed, type ServerSession } from '../server-session.ts';
import type { CheckedAccount } from './check-relays.ts';
import { addressesOf, type DnsResolver } from './dns.ts';
import type { DomainToCheck, SigningKey } from './domain.ts';

const signingKey = v.looseObject({
  domain: v.string(),
  selector: v.string(),
  dns_name: v.string(),
  dns_value: v.string(),
});
const keyPage = v.looseObject({ items: v.array(signingKey) });
const messagePage = v.looseObject({ items: v.array(v.looseObject({ pk: v.string() })) });
const sender = v.looseObject({ from: v.nullable(v.string()) });

const MAX_KEYS = 200;
/** Of so many newest messages the senders are looked at. */
const MAX_MESSAGES = 10;
const MAX_DOMAINS = 20;

export interface WhichDomains {
  readonly tenantId: string | undefined;
  /** Those of these addresses or domains alone; empty for all that are known. */
  readonly from: readonly string[];
  readonly accounts: readonly CheckedAccount[];
}

/** Find the domains that mail is from: those that are named, else those of keys and of the newest mail. */
export async function domainsToCheck(
  server: ServerSession,
  resolver: DnsResolver,
  { tenantId, from, accounts }: WhichDomains,
): Promise<readonly DomainToCheck[]> {
  const keys = await orNone(server.get(keyPage, '/v1/dkim-keys', { tenant_id: tenantId, limit: MAX_KEYS }));
  const known = from.length > 0 ? from : [...keys.map(({ domain }) => domain), ...(await senders(server, tenantId))];
  const domains = [...new Set(known.map(domainOf).filter((domain) => domain !== ''))].slice(0, MAX_DOMAINS);
  const hosts = [...new Set(accounts.map(({ host }) => host))];
  const relays = await Promise.all(
    hosts.map(async (host) => ({ host, addresses: await addressesOrNone(resolver, host) })),
  );
  return domains.map((domain) => ({ domain, relays, keys: keys.filter((key) => signs(key, domain)) }));
}

/** A key signs mail of its domain, and of those below it (relaxed alignment). */
function signs({ domain: own }: SigningKey, domain: string): boolean {
  return domain === own || domain.endsWith(`.${own}`);
}

async function senders(server: ServerSession, tenant_id: string | undefined): Promise<readonly string[]> {
  const newest = await orNone(server.get(messagePage, '/v1/messages', { tenant_id, limit: MAX_MESSAGES }));
  const shown = await Promise.all(
    newest.map(({ pk }) => server.get(sender, `/v1/messages/${pk}`).catch(() => ({ from: null }))),
  );
  return shown.flatMap(({ from }) => (from === null ? [] : [from]));
}

/** What a key may not see is not looked at. */
async function orNone<Item>(page: Promise<{ readonly items: readonly Item[] }>): Promise<readonly Item[]> {
  try {
    return (await page).items;
  } catch (error) {
    if (!(error instanceof CallFailed) || error.result.kind !== 'problem' || error.result.status !== 403) throw error;
    return [];
  }
}

/** A host that the server's DNS knows may be unknown to this machine's. */
async function addressesOrNone(resolver: DnsResolver, host: string): Promise<readonly string[]> {
  return await addressesOf(resolver, host).catch(() => []);
}

function domainOf(address: string): string {
  const [, domain = address] = /@([^@\s>]+)>?\s*$/.exec(address) ?? [];
  return domain.toLowerCase().replace(/\.$/, '');
}
