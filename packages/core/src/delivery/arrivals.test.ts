// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { LaneKey } from '../queue/lanes.ts';
import { Arrivals } from './arrivals.ts';
import { claimed } from './dispatch-world.case.ts';
import { Flights } from './flights.ts';

const NOW = 1_000;

function draft(pk: string, more: Partial<MessageDraft['message']> = {}): MessageDraft {
  const message = {
    pk,
    account_pk: 'a',
    tenant_id: 'acme',
    priority: 2,
    eligible_at: NOW,
    created_at: NOW,
    unfetched: 0,
  };
  // The rest of a draft says nothing of when and where it is sent.
  return { message: { ...message, ...more } } as MessageDraft;
}

function world() {
  const flights = new Flights();
  const told: string[] = [];
  const note =
    (word: string) =>
    ({ accountPk }: LaneKey, isImmediate: boolean): void =>
      void told.push(`${word} ${accountPk}${isImmediate ? ' at once' : ''}`);
  const dispatcher = { expects: note('expects'), arrived: note('arrived') };
  return { flights, told, arrivals: new Arrivals({ dispatcher, flights }) };
}

test('a message that waits for the writer is expected, unless it is for later or waits for its files', () => {
  const { arrivals, told } = world();
  arrivals.queued(draft('now'));
  arrivals.queued(draft('at once', { priority: 0 }));
  arrivals.queued(draft('later', { eligible_at: NOW + 1 }));
  arrivals.queued(draft('with files', { unfetched: 1 }));
  expect(told).toEqual(['expects a', 'expects a at once']);
});

test('a stored message is announced in the turn after, unless it was claimed meanwhile', async () => {
  const { arrivals, told, flights } = world();
  for (const pk of ['1', '2', '3']) arrivals.stored(draft(pk, { account_pk: `of ${pk}` }));
  flights.add(claimed({ pk: '2' }));
  expect(told).toEqual([]);
  await nextTurn();
  expect(told).toEqual(['arrived of 1', 'arrived of 3']);
  arrivals.stored(draft('4'));
  await nextTurn();
  expect(told.at(-1)).toBe('arrived a');
});
