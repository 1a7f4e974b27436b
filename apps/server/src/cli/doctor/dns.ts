// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import { codeOf } from '../../env/error-code.ts';
import { UsageError } from '../usage-error.ts';

/** Record types that are asked for. */
export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'TXT' | 'PTR';

/** What is asked about names; `node:dns` has it, and tests have their own. */
export interface DnsResolver {
  /** Rejects with `ENOTFOUND` or `ENODATA` where there is nothing. */
  resolve(name: string, type: RecordType): Promise<readonly unknown[]>;
  /** The names of an address. */
  reverse(address: string): Promise<readonly string[]>;
}

const TIMEOUT_MS = 3_000;
const TRIES = 2;
/** Codes that mean that there is no such record, as opposed to a name server that cannot be had. */
const NOTHING: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

/**
 * Ask the name servers of this machine, or the one that is given.
 *
 * @param server - an address, with its port where that is not 53
 * @throws {UsageError} where it is none
 */
export function systemResolver(server: string | undefined): DnsResolver {
  const resolver = new dns.Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (server !== undefined) {
    try {
      resolver.setServers([server]);
    } catch (error) {
      throw new UsageError('--dns-server takes an IP address, such as 9.9.9.9', { cause: error });
    }
  }
  return {
    // What each type answers with is looked at where it is used.
    resolve: async (name, type) => (await resolver.resolve(name, type)) as readonly unknown[],
    reverse: (address) => resolver.reverse(address),
  };
}

/** The records, or none; a name server that cannot be had is another thing. */
export async function recordsOf(resolver: DnsResolver, name: string, type: RecordType): Promise<readonly unknown[]> {
  try {
    return await resolver.resolve(name, type);
  } catch (error) {
    if (NOTHING.has(codeOf(error))) return [];
    throw error;
  }
}

/** TXT records, each as one text. */
export async function textsOf(resolver: DnsResolver, name: string): Promise<readonly string[]> {
  const records = await recordsOf(resolver, name, 'TXT');
  return records.map((record) => (Array.isArray(record) ? record.join('') : String(record)));
}

/** The same for mailauth, whose types know texts only; what it asks for are types of {@link RecordType}. */
export function recordTexts(resolver: DnsResolver): (name: string, type: string) => Promise<string[][]> {
  return async (name, type) => (await resolver.resolve(name, type as RecordType)) as string[][];
}

/** All addresses of a host; an address is its own. */
export async function addressesOf(resolver: DnsResolver, host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const [v4, v6] = await Promise.all([recordsOf(resolver, host, 'A'), recordsOf(resolver, host, 'AAAA')]);
  return [...v4, ...v6].map(String);
}

/** Whether an address means something to the world, and not to one network alone. */
export function isPublic(address: string): boolean {
  return !/^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.|^(::1?$|f[cd]|fe[89ab])/i.test(
    address,
  );
}
