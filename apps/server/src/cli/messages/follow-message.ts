// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '@mail-proxy/core';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { ServerSession } from '../server-session.ts';
import {
  type EventAnswer,
  eventsAnswer,
  type MessageAnswer,
  type MessageReference,
  messageAnswer,
  messagePath,
} from './message-answers.ts';

/** A message and its history, oldest first. */
export interface Followed {
  readonly message: MessageAnswer;
  readonly events: readonly EventAnswer[];
}

export interface FollowOptions {
  readonly clock: Clock;
  /** @defaultValue until it is final */
  readonly timeoutMs?: number | undefined;
  /** Called for each event, those before it was looked at first. */
  readonly onEvent?: (event: EventAnswer) => void;
  /** Called once it was looked at, whenever what it waits for is another. */
  readonly onWait?: (message: MessageAnswer) => void;
}

/** A message that is sent at once is final after a look or two; one that waits for hours is not asked for at every moment. */
const FIRST_LOOK_MS = 100;
const MAX_LOOK_MS = 2_000;

/** Show one message and its history. */
export async function readMessage(server: ServerSession, reference: MessageReference): Promise<Followed> {
  const query = { tenant_id: reference.tenantId };
  const path = messagePath(reference);
  // The message first: the events then tell of all that made it what it is.
  const message = await server.get(messageAnswer, path, query);
  const { items } = await server.get(eventsAnswer, `${path}/events`, query);
  return { message, events: items };
}

/** Look at a message until it is final, or the time is over. */
export async function followMessage(
  server: ServerSession,
  reference: MessageReference,
  { clock, timeoutMs, onEvent, onWait }: FollowOptions,
): Promise<Followed> {
  const endsAt = timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() + timeoutMs;
  const told = new Set<string>();
  let waits: string | null = null;
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 1.5, MAX_LOOK_MS)) {
    const followed = await readMessage(server, reference);
    const { message, events } = followed;
    for (const event of events.filter(({ id }) => !told.has(id))) {
      told.add(event.id);
      onEvent?.(event);
      pause = FIRST_LOOK_MS;
    }
    const left = endsAt - clock.monotonic();
    if (message.state === 'final' || left <= 0) return followed;
    const now = message.waiting_for.map(({ kind, until }) => `${kind} ${until}`).join('\n');
    if (now !== waits) onWait?.(message);
    waits = now;
    await clock.sleep(Math.min(pause, left));
  }
}

/** The exit code that tells what became of a message. */
export function exitCodeOf({ state, result }: Pick<MessageAnswer, 'state' | 'result'>): ExitCode {
  if (state !== 'final') return EXIT.waiting;
  return result === 'sent' ? EXIT.ok : EXIT.refused;
}
