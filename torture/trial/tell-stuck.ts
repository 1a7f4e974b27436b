// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Api } from '../world/api.ts';

/** States in which a message is to move by itself. */
const MOVING = ['preparing', 'deferred', 'ready', 'leased'] as const;

/** What each instance says of what does not move: the lanes as it sees them, and one message of each state. */
export async function tellStuck(apis: readonly Api[]): Promise<readonly string[]> {
  return (await Promise.all(apis.map(tellOf))).flat();
}

async function tellOf(api: Api): Promise<readonly string[]> {
  try {
    const [lanes, ...messages] = await Promise.all([
      api.get('/v1/lanes'),
      ...MOVING.map((state) => firstMessage(api, state)),
    ]);
    const waiting = messages.filter((message) => message !== null);
    return [lanes, ...waiting].map((seen) => `an instance says ${JSON.stringify(seen)}`);
  } catch (error) {
    return [`an instance does not say what waits: ${error}`];
  }
}

async function firstMessage(api: Api, state: string): Promise<unknown> {
  // the answer to messages.list
  const { items } = (await api.get(`/v1/messages?state=${state}&limit=1`)) as {
    readonly items: readonly { id: string }[];
  };
  return items[0] === undefined ? null : api.get(`/v1/messages/${items[0].id}`);
}
