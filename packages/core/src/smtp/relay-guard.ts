// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { LookupFunction } from 'node:net';
import { MailProxyError } from '../errors.ts';
import { checkHost, destinationRules } from '../outgoing/destination.ts';
import { guardedLookup, systemLookup } from '../outgoing/guarded-agent.ts';
import type { LookupAddresses, OutgoingPolicy } from '../outgoing/outgoing-http.types.ts';

/** Where a relay may be that a tenant named: the addresses that are checked are those that are connected to. */
export interface RelayGuard {
  /** Why the host is not one, as far as that can be said before it is resolved; null where it may be. */
  refusal(host: string): string | null;
  readonly lookup: LookupFunction;
}

/** @param find - @defaultValue the operating system's resolver */
export function createRelayGuard(policy: OutgoingPolicy, find: LookupAddresses = systemLookup): RelayGuard {
  // Made for every message, and asked where a connection is opened.
  const rules = () => destinationRules(policy);
  return {
    refusal(host) {
      try {
        checkHost(host, rules());
        return null;
      } catch (error) {
        if (error instanceof MailProxyError) return error.message;
        throw error;
      }
    },
    lookup: (host, options, callback) => guardedLookup(find, rules())(host, options, callback),
  };
}
