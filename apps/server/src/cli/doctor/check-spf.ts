// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type DnsResolver, isPublic, recordTexts } from './dns.ts';
import { aboutDomain, type DomainToCheck, unasked } from './domain.ts';
import { type Finding, type Findings, findings } from './finding.ts';

/** An address for documents (RFC 5737): nobody sends from it, so only the record itself is judged. */
const NOBODY = '192.0.2.1';
const MAX_MS = 15_000;

/**
 * Judge the SPF record of a domain as receivers do (RFC 7208), for the addresses that its relays have. A relay may send
 * from others, so that one which is not named is a warning.
 */
export async function checkSpf(resolver: DnsResolver, { domain, relays }: DomainToCheck): Promise<readonly Finding[]> {
  const about = findings('domain.spf', aboutDomain(domain));
  const known = relays.flatMap(({ host, addresses }) =>
    addresses.filter(isPublic).map((address) => ({ host, address })),
  );
  const [first] = known;
  const own = first === undefined ? [{ host: domain, address: NOBODY }] : known;
  const { spf } = await import('mailauth/lib/spf/index.js');
  const results = await Promise.all(
    own.map(async ({ host, address }) => {
      const { status } = await spf({
        sender: `postmaster@${domain}`,
        ip: address,
        helo: host,
        mta: 'mail-proxy.invalid',
        maxElapsedTime: MAX_MS,
        resolver: recordTexts(resolver),
      });
      return { host, address, result: status.result, comment: status.comment ?? '' };
    }),
  );
  const general = recordFinding(about, domain, results[0]);
  if (general !== null) return [general];
  if (first === undefined) return [about.ok('SPF: the record can be read; the addresses of its relays are not known')];
  const unnamed = results.filter(({ result }) => result !== 'pass');
  if (unnamed.length === 0)
    return [about.ok(`SPF: names the relays ${[...new Set(own.map(({ host }) => host))].join(', ')}`)];
  return unnamed.map(({ host, address, result }) =>
    about.warning(
      `SPF: ${result} for ${address} of the relay ${host}`,
      `Include what its provider says, or add ip${address.includes(':') ? 6 : 4}:${address}; it is right where the relay sends from other addresses`,
    ),
  );
}

/** What is wrong with the record whoever sends. */
function recordFinding(
  about: Findings,
  domain: string,
  judged: { readonly result: string; readonly comment: string } | undefined,
): Finding | null {
  const { result, comment } = judged ?? { result: 'none', comment: '' };
  if (result === 'none') {
    return about.warning('SPF: there is no record', `Publish a TXT record at ${domain}: v=spf1 include:... -all`);
  }
  if (result === 'permerror') {
    return about.problem(
      `SPF: the record is broken${comment === '' ? '' : `: ${comment}`}`,
      'Correct it: one record, at most 10 look-ups (RFC 7208 §4.6.4)',
    );
  }
  if (result === 'temperror') return unasked('domain.spf', 'SPF', domain);
  return null;
}
