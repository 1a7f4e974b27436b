// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Agent } from 'undici';
import type { Clock } from '../clock.ts';
import { CallDeadline } from './call-deadline.ts';
import { decodedBody } from './decoded-body.ts';
import { type DestinationRules, destinationRules } from './destination.ts';
import { followRedirects } from './follow-redirects.ts';
import { createGuardedAgent, systemLookup } from './guarded-agent.ts';
import { firstHop } from './hop.ts';
import type {
  LookupAddresses,
  OutgoingAnswer,
  OutgoingHttp,
  OutgoingPolicy,
  OutgoingRequest,
  OutgoingResponse,
} from './outgoing-http.types.ts';
import { responseBody } from './response-body.ts';

export interface OutgoingHttpOptions {
  readonly clock: Clock;
  /** Of the instance. A request's own takes its place, field by field. */
  readonly policy: OutgoingPolicy;
  /** @defaultValue the operating system's */
  readonly lookup?: LookupAddresses;
}

/** Create the client that makes all HTTP requests on behalf of tenants. It reaches public servers, and what `policy` adds. */
export function createOutgoingHttp({ clock, policy, lookup = systemLookup }: OutgoingHttpOptions): OutgoingHttp {
  const agents = new Map<string, { readonly agent: Agent; readonly rules: DestinationRules }>();

  /** A connection that one policy allowed must not be used under another: each has its own. */
  const agentOf = (own: OutgoingPolicy = {}) => {
    const rules = destinationRules({ ...policy, ...own });
    const key = JSON.stringify([rules.allowPrivateNetworks, ...[...rules.allowedHosts].toSorted()]);
    const known = agents.get(key) ?? { agent: createGuardedAgent(lookup, rules), rules };
    agents.set(key, known);
    return known;
  };

  const request = async (asked: OutgoingRequest): Promise<OutgoingResponse> => {
    const { agent, rules } = agentOf(asked.policy);
    const deadline = new CallDeadline(clock, asked);
    try {
      const { maxRedirects = 0, maxBytes } = asked;
      const { signal } = deadline;
      const { raw, ...head } = await followRedirects(firstHop(asked, rules), { agent, rules, maxRedirects, signal });
      return { ...head, body: responseBody(decodedBody(raw, head.headers, maxBytes), raw, deadline) };
    } catch (error) {
      throw deadline.end(error);
    }
  };

  return {
    request,
    async fetchAll(asked): Promise<OutgoingAnswer> {
      const { body, ...head } = await request(asked);
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return { ...head, body: Buffer.concat(chunks) };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...agents.values()].map(({ agent }) => agent.destroy()));
    },
  };
}
