// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import { StoringRoom } from './storing-room.ts';

/** What counts of a draft. */
const draft = (bytes: number): MessageDraft =>
  ({ content: 'x'.repeat(bytes), recipients: [], attachments: [] }) as Partial<MessageDraft> as MessageDraft;

test('messages that wait to be stored have a bound in bytes, and are refused beyond it until others are stored', () => {
  const refused: string[] = [];
  const room = new StoringRoom((reason) => void refused.push(reason), 10_000);
  const first = room.take(draft(1_000), draft(1_000));
  const second = room.take(draft(1_000));
  expect(() => room.take(draft(1_000))).toThrow(
    expect.objectContaining({ code: 'overloaded', retryAfterMs: expect.any(Number) }),
  );
  expect(refused).toEqual(['storing']);
  first[Symbol.dispose]();
  room.take(draft(1_000));
  second[Symbol.dispose]();
});

test('many small ones count with what each costs in memory', () => {
  const room = new StoringRoom(() => undefined, 10_000);
  const taken = Array.from({ length: 4 }, () => room.take(draft(1)));
  expect(() => room.take(draft(1))).toThrow(expect.objectContaining({ code: 'overloaded' }));
  for (const each of taken) each[Symbol.dispose]();
});

test('what is alone has room, however large it is', () => {
  const room = new StoringRoom(() => undefined, 10_000);
  const large = room.take(draft(100_000));
  expect(() => room.take(draft(1))).toThrow(expect.objectContaining({ code: 'overloaded' }));
  large[Symbol.dispose]();
  room.take(draft(1));
});
