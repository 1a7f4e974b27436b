// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { codeOf } from '../../env/error-code.ts';
import { shorten } from '../printable.ts';
import { checkSpf } from './check-spf.ts';
import { type DnsResolver, isPublic, recordsOf, recordTexts, textsOf } from './dns.ts';
import { aboutDomain, type DomainToCheck, type SigningKey, unasked } from './domain.ts';
import { type Finding, findings } from './finding.ts';

/** What receivers look for in the DNS of the domain that mail is from. */
export async function checkDomain(resolver: DnsResolver, of: DomainToCheck): Promise<readonly Finding[]> {
  const checks = [
    ['domain.spf', 'SPF', () => checkSpf(resolver, of)],
    ['domain.dkim', 'DKIM', () => checkDkim(resolver, of)],
    ['domain.dmarc', 'DMARC', () => checkDmarc(resolver, of)],
    ['domain.mx', 'MX', () => checkMx(resolver, of)],
  ] as const;
  const found = await Promise.all(
    checks.map(async ([check, what, run]) => {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error;
        return [unasked(check, what, of.domain)];
      }
    }),
  );
  return found.flat();
}

async function checkDkim(resolver: DnsResolver, { domain, keys }: DomainToCheck): Promise<readonly Finding[]> {
  const about = findings('domain.dkim', aboutDomain(domain));
  if (keys.length === 0) {
    return [
      about.warning(
        'no DKIM key: mail is not signed here; its relay may do that',
        `mail-proxy dkim-keys create --domain ${domain} --selector mail --generate rsa`,
      ),
    ];
  }
  return await Promise.all(keys.map((key) => checkSelector(resolver, domain, key)));
}

async function checkSelector(resolver: DnsResolver, domain: string, key: SigningKey): Promise<Finding> {
  const about = findings('domain.dkim', aboutDomain(domain));
  const records = await textsOf(resolver, key.dns_name);
  const publish = `Publish a TXT record at ${key.dns_name} with: ${key.dns_value}`;
  const [record] = records;
  if (record === undefined)
    return about.problem(`DKIM: ${key.dns_name} is not published, so no signature holds`, publish);
  if (records.length > 1) return about.problem(`DKIM: ${key.dns_name} has ${records.length} records`, 'Leave one');
  const published = tagsOf(record).get('p');
  if (published === '') return about.problem(`DKIM: ${key.dns_name} says that the key was revoked`, publish);
  if (published !== tagsOf(key.dns_value).get('p')) {
    return about.problem(`DKIM: ${key.dns_name} has another key than mail is signed with`, publish);
  }
  return about.ok(`DKIM: ${key.selector} is published as mail is signed with it`);
}

/** RFC 6376 §3.2; blanks within a value say nothing. */
function tagsOf(record: string): ReadonlyMap<string, string> {
  return new Map(
    record.split(';').flatMap((part) => {
      const [, name, value] = /^\s*(\w+)\s*=(.*)$/s.exec(part) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value.replaceAll(/\s/g, '')] as const];
    }),
  );
}

async function checkDmarc(resolver: DnsResolver, { domain }: DomainToCheck): Promise<readonly Finding[]> {
  const about = findings('domain.dmarc', aboutDomain(domain));
  const { dmarc } = await import('mailauth/lib/dmarc/index.js');
  const judged = await dmarc({ headerFrom: `postmaster@${domain}`, resolver: recordTexts(resolver) });
  const example = `v=DMARC1; p=none; rua=mailto:dmarc@${domain}`;
  const publish = `Publish a TXT record at _dmarc.${domain}: ${example}`;
  const result = judged === false ? 'none' : judged.status.result;
  if (judged === false || result === 'none') {
    const all = (await textsOf(resolver, `_dmarc.${domain}`)).filter((text) => /^v\s*=\s*DMARC1/i.test(text));
    if (all.length === 0) return [about.warning('DMARC: there is no policy; large providers want one', publish)];
    const why = all.length > 1 ? `${all.length} records count as none` : 'it has no policy that is understood';
    return [about.problem(`DMARC: _dmarc.${domain} does nothing: ${why}`, `Leave one, such as: ${example}`)];
  }
  if (result === 'temperror') return [unasked('domain.dmarc', 'DMARC', domain)];
  const { policy, policyDomain, rr = '' } = judged;
  const from = policyDomain === undefined || policyDomain === domain ? '' : ` (of ${policyDomain})`;
  if (/;\s*rua\s*=/i.test(rr)) return [about.ok(`DMARC: the policy is ${policy}${from}`)];
  const advice = `Add rua=mailto:dmarc@${domain} to learn who sends as this domain`;
  return [about.warning(`DMARC: the policy is ${policy}${from}, and nobody is told of what fails`, advice)];
}

async function checkMx(resolver: DnsResolver, { domain }: DomainToCheck): Promise<readonly Finding[]> {
  const about = findings('domain.mx', aboutDomain(domain));
  const records = await recordsOf(resolver, domain, 'MX');
  const hosts = records.flatMap((record) => {
    const exchange: unknown = Object(record).exchange;
    return typeof exchange === 'string' ? [exchange] : [];
  });
  const advice = 'Give it an MX record, or send from a domain that gets mail: bounces and answers have nowhere to go';
  if (hosts.some((host) => host === '' || host === '.')) {
    return [about.warning('MX: the domain says that it takes no mail (RFC 7505)', advice)];
  }
  if (hosts.length > 0) return [about.ok(`MX: ${shorten(hosts.join(', '), 120)}`)];
  const addresses = await recordsOf(resolver, domain, 'A');
  if (addresses.length > 0) return [about.ok('MX: none, so its own address takes its mail (RFC 5321)')];
  return [about.warning('MX: none', advice)];
}

/** Whether a relay's address has a name that leads back to it, as receivers want it of who connects to them. */
export async function checkReverse(resolver: DnsResolver, host: string, address: string): Promise<readonly Finding[]> {
  if (!isPublic(address)) return [];
  const about = findings('relay.ptr', `relay ${host}`);
  const advice = 'Whoever owns the address sets its name; this matters where the relay sends from this address itself';
  try {
    const names = await resolver.reverse(address);
    const addresses = await Promise.all(
      names.map((name) => recordsOf(resolver, name, address.includes(':') ? 'AAAA' : 'A')),
    );
    const [name] = names;
    if (name === undefined) return [about.warning(`${address} has no name (PTR)`, advice)];
    if (addresses.flat().map(String).includes(address)) return [about.ok(`${address} is ${name}, and back`)];
    return [about.warning(`${address} is called ${name}, which does not lead back to it`, advice)];
  } catch (error) {
    if (['ENOTFOUND', 'ENODATA'].includes(codeOf(error)))
      return [about.warning(`${address} has no name (PTR)`, advice)];
    return [about.skipped(`the name of ${address} cannot be asked for (${codeOf(error)})`)];
  }
}
