// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, Refused } from '../world/api.ts';
import type { Fleet } from '../world/fleet.ts';
import type { Figures } from './figures.ts';
import type { Scenario } from './scenario.ts';

const BATCH = 20;
/** Calls of a race for one id. */
const RACERS = 10;
/** Share of them whose answer is cut off, and how many milliseconds after they began at most. */
const CUT_SHARE = 0.3;
const CUT_WITHIN_MS = 20;
const PAUSE_MS = 25;
/** What an API may answer that cannot take mail for now. */
const FOR_NOW = [429, 503, 507];

/** Mail as it is posted; troubles look at it meanwhile. */
export interface Posting {
  /** Ids that were accepted. */
  readonly accepted: string[];
  /** What was answered otherwise than it may be. */
  readonly complaints: string[];
}

export interface PostingWorld {
  readonly fleet: Fleet;
  readonly figures: Figures;
  readonly random: () => number;
  /** Messages at the relay. */
  readonly arrived: () => Promise<number>;
}

export interface PostingPlan {
  readonly count: number;
  /** On the monotonic clock: the count is given up then. */
  readonly until: number;
  /** Settles when nothing goes wrong any more. */
  readonly trouble: Promise<unknown>;
  readonly posting: Posting;
}

/**
 * Post messages until there are `count` and nothing goes wrong any more, so that mail goes on coming meanwhile; beyond
 * the count only while less than the backlog waits. Each goes again and again until a server says that it has it.
 */
export async function postMail(
  world: PostingWorld,
  { policy, submit, backlog }: Scenario,
  { count, until, trouble, posting }: PostingPlan,
): Promise<void> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  trouble.then(over, over);
  const { accepted } = posting;
  const hasToPost = (): boolean => accepted.length < count && performance.now() < until;
  while (hasToPost() || !isOver) {
    const size = submit === 'races' ? 1 : BATCH;
    const ids = Array.from({ length: size }, (_, n) => `m-${accepted.length + n + 1}`);
    const messages = ids.map((id) => mailOf(id, policy));
    await (submit === 'races' ? race(world, messages, posting) : untilAccepted(world, messages, posting));
    accepted.push(...ids);
    if (hasToPost()) continue;
    do await sleep(PAUSE_MS);
    while (!isOver && accepted.length - (await world.arrived()) > backlog);
  }
}

function mailOf(id: string, policy: Scenario['policy']): object {
  return {
    id,
    from: 'sender@example.com',
    to: `${id}@example.org`,
    subject: id,
    text: 'A line of text.\n'.repeat(20),
    on_in_doubt: policy,
  };
}

/** Each batch begins with another server. What was cut off is posted again: what is there of it is a duplicate. */
async function untilAccepted(world: PostingWorld, messages: readonly object[], posting: Posting): Promise<void> {
  const first = posting.accepted.length / BATCH;
  for (let attempt = 0; ; attempt++) {
    const api = serverOf(world.fleet, first + attempt);
    if (api !== null && (await isAccepted(api, messages, world, posting))) return;
    await sleep(50);
  }
}

function serverOf(fleet: Fleet, turn: number): Api | null {
  const living = fleet.living();
  return living[turn % Math.max(1, living.length)] ?? null;
}

async function isAccepted(
  api: Api,
  messages: readonly object[],
  world: PostingWorld,
  posting: Posting,
): Promise<boolean> {
  try {
    // the answer to messages.create-batch
    const { results } = (await api.post('/v1/messages/batch', { messages })) as {
      readonly results: readonly { readonly status: string; readonly code?: string }[];
    };
    return results.every(({ status, code }) => status === 'accepted' || code === 'duplicate_id');
  } catch (error) {
    hear(error, world, posting);
    return false;
  }
}

/** An answer that says "not now" is as it should be, and so is none at all; all others are not. */
function hear(error: unknown, { figures }: PostingWorld, posting: Posting): void {
  if (!(error instanceof Refused)) return;
  if (FOR_NOW.includes(error.status)) figures.add('answers of 503', 1);
  else posting.complaints.push(error.message.slice(0, 300));
}

/** Many clients post one message at once, at all servers; some of them do not wait for the answer. */
async function race(world: PostingWorld, [message = {}]: readonly object[], posting: Posting): Promise<void> {
  const { fleet, figures, random } = world;
  let taken = 0;
  let known = 0;
  const run = async (turn: number): Promise<void> => {
    const isCut = random() < CUT_SHARE;
    const cutAfterMs = random() * CUT_WITHIN_MS;
    const cut = isCut ? AbortSignal.timeout(Math.ceil(cutAfterMs)) : undefined;
    try {
      await serverOf(fleet, turn)?.post('/v1/messages', message, cut);
      taken += 1;
    } catch (error) {
      if (cut?.aborted) figures.add('answers cut off', 1);
      else if (error instanceof Refused && error.status === 409 && error.body.includes('duplicate_id')) known += 1;
      else hear(error, world, posting);
    }
  };
  await Promise.all(Array.from({ length: RACERS }, (_, turn) => run(turn)));
  if (taken > 1) posting.complaints.push(`${JSON.stringify(message).slice(0, 20)} was accepted ${taken} times`);
  if (taken + known === 0) await untilAccepted(world, [message], posting);
}
