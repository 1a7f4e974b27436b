// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { tally } from './tally.ts';

function arrivals(...ids: readonly (string | undefined)[]) {
  return ids.map((mailId, receivedAt) => ({ mailId, receivedAt }));
}

test('what came once, twice and never is told apart', () => {
  const messages = arrivals('m-3', 'm-1', 'm-3', 'm-4');
  expect(tally(messages, 'm', 5)).toEqual({ arrived: 3, missing: 2, duplicates: 1, firstAt: 0, lastAt: 3 });
});

test('messages that others sent, or that have no such number, are not looked at', () => {
  const messages = arrivals(undefined, 'n-1', 'm-0', 'm-3', 'm-1x', 'm', 'm-1-2', 'm-2');
  expect(tally(messages, 'm', 2)).toEqual({ arrived: 1, missing: 1, duplicates: 0, firstAt: 7, lastAt: 7 });
  expect(tally(messages, 'o', 2)).toEqual({ arrived: 0, missing: 2, duplicates: 0, firstAt: null, lastAt: null });
});
