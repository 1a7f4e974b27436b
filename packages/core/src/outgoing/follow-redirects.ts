// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Readable } from 'node:stream';
import type { Agent } from 'undici';
import type { DestinationRules } from './destination.ts';
import { type Hop, isRedirect, nextHop } from './hop.ts';
import { outgoingFailed } from './outgoing-errors.ts';
import type { OutgoingResponse } from './outgoing-http.types.ts';

/** An answer as it came, its body not decoded yet. */
export interface RawAnswer extends Omit<OutgoingResponse, 'body'> {
  readonly raw: Readable;
}

export interface FollowOptions {
  readonly agent: Agent;
  readonly rules: DestinationRules;
  readonly maxRedirects: number;
  readonly signal: AbortSignal;
}

/** Make a request and those that its redirects lead to, each checked like the first. */
export async function followRedirects(first: Hop, options: FollowOptions): Promise<RawAnswer> {
  const { rules, maxRedirects } = options;
  let hop = first;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await send(hop, options);
    if (maxRedirects === 0 || !isRedirect(answer)) return answer;
    answer.raw.destroy();
    if (redirects === maxRedirects)
      throw outgoingFailed('redirects', `it was redirected more often than ${maxRedirects} times`);
    hop = nextHop(hop, answer, rules);
  }
}

async function send(
  { method, url, headers, body, credentials }: Hop,
  { agent, signal }: FollowOptions,
): Promise<RawAnswer> {
  const response = await agent.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method,
    headers: { ...headers, ...credentials },
    body,
    signal,
  });
  // A body that breaks while nobody reads it would end the process; who reads it is told anyway.
  response.body.on('error', () => undefined);
  return { status: response.statusCode, headers: joined(response.headers), raw: response.body };
}

function joined(headers: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value].flat().join(', ')]],
    ),
  );
}
