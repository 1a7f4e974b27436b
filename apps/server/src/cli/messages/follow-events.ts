// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '@mail-proxy/core';
import * as v from 'valibot';
import { CallFailed, type ServerSession } from '../server-session.ts';
import { type EventAnswer, eventsAnswer } from './message-answers.ts';

export interface FollowEventsOptions {
  readonly clock: Clock;
  readonly tenantId: string | undefined;
  /** Events of before that are told first. */
  readonly last: number;
  /** Takes each event; the answer says whether to go on. */
  readonly onEvent: (event: EventAnswer) => boolean;
  /** The server cannot be had; it is asked again. */
  readonly onAway: (failure: CallFailed) => void;
}

/** The server holds a call so long where nothing happens; below the time after which a call counts as lost. */
const WAIT_SECONDS = 25;
const RETRY_MS = 1_000;
/** Each tenant is a call that waits. */
const MAX_TENANTS = 50;

const tenants = v.looseObject({ items: v.array(v.looseObject({ id: v.string() })), next: v.nullable(v.string()) });

/**
 * Tell of what happens, as it happens: of one tenant, or for an operator who names none of all that there are. Ends when
 * `onEvent` says so.
 *
 * @throws {CallFailed} where the server refuses
 */
export async function followEvents(server: ServerSession, options: FollowEventsOptions): Promise<void> {
  const watched = options.tenantId === undefined ? await tenantsOf(server) : [options.tenantId];
  let isOver = false;
  const onEvent = (event: EventAnswer): boolean => {
    if (!isOver) isOver = !options.onEvent(event);
    return !isOver;
  };
  // One that ends ends all: the others are in calls that nobody waits for any more.
  await Promise.race(watched.map((tenantId) => followTenant(server, tenantId, { ...options, onEvent })));
}

async function followTenant(
  server: ServerSession,
  tenant_id: string | undefined,
  { clock, last, onEvent, onAway }: Omit<FollowEventsOptions, 'tenantId'>,
): Promise<void> {
  const { items: before } = await server.get(eventsAnswer, '/v1/events', { tenant_id, last: Math.max(last, 1) });
  let after = before.at(-1)?.seq ?? 0;
  for (const event of last === 0 ? [] : before) if (!onEvent(event)) return;
  for (let wait = WAIT_SECONDS; ; ) {
    try {
      const { items } = await server.get(eventsAnswer, '/v1/events', { tenant_id, after, wait, limit: 1_000 });
      wait = WAIT_SECONDS;
      for (const event of items) {
        after = event.seq ?? after;
        if (!onEvent(event)) return;
      }
    } catch (error) {
      if (!(error instanceof CallFailed) || !isPassing(error)) throw error;
      onAway(error);
      // Where no more may wait, it is asked now and then.
      if (error.code === 'rate_limited') wait = 0;
      await clock.sleep(RETRY_MS);
    }
  }
}

/** A server that starts again, or has no place for one more that waits. */
function isPassing({ result, code }: CallFailed): boolean {
  return result.kind === 'unreachable' || result.status >= 500 || code === 'rate_limited';
}

/** A tenant's key needs to name none; an operator's names all. */
async function tenantsOf(server: ServerSession): Promise<readonly (string | undefined)[]> {
  try {
    await server.get(eventsAnswer, '/v1/events', { last: 1 });
    return [undefined];
  } catch (error) {
    if (!(error instanceof CallFailed) || error.code !== 'invalid_input') throw error;
  }
  const { items, next } = await server.get(tenants, '/v1/tenants', { limit: MAX_TENANTS });
  if (next === null) return items.map(({ id }) => id);
  const detail = `there are more than ${MAX_TENANTS} tenants: say whose events with --tenant-id`;
  throw new CallFailed({ kind: 'problem', status: 422, problem: { code: 'invalid_input', detail } });
}
