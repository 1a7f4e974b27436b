// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { type AcceptedDraft, AcceptedMail } from './accepted-mail.ts';

const draft = (pk: string, { content = '{}', attachments = 0, ...message }: DraftFields = {}): AcceptedDraft => ({
  message: { pk, eligible_at: 1_000, created_at: 1_000, unfetched: 0, ...message },
  content,
  recipients: [{ kind: 'to', address: 'ann@example.org' }],
  attachments: Array.from({ length: attachments }),
});

interface DraftFields {
  readonly content?: string;
  readonly attachments?: number;
  readonly eligible_at?: number;
  readonly unfetched?: number;
}

test('what was accepted is taken once', () => {
  const accepted = new AcceptedMail({ clock: new VirtualClock() });
  accepted.remember(draft('m1', { content: '{"text":"one"}' }));
  expect([accepted.has('m1'), accepted.has('m2')]).toEqual([true, false]);
  expect(accepted.take('m1')).toEqual({
    content: '{"text":"one"}',
    recipients: [{ kind: 'to', address: 'ann@example.org' }],
  });
  expect([accepted.take('m1'), accepted.has('m1')]).toEqual([undefined, false]);
});

test.each([
  ['is due later', { eligible_at: 1_001 }],
  ['has a file to be fetched', { unfetched: 1 }],
  ['has files', { attachments: 1 }],
  ['is long', { content: 'x'.repeat(65_537) }],
])('what %s is not remembered', (_, fields) => {
  const accepted = new AcceptedMail({ clock: new VirtualClock() });
  accepted.remember(draft('m1', fields));
  expect(accepted.take('m1')).toBeUndefined();
});

test('what changes is forgotten', () => {
  const accepted = new AcceptedMail({ clock: new VirtualClock() });
  accepted.remember(draft('m1'));
  accepted.forget('m1');
  accepted.forget('m2');
  expect(accepted.take('m1')).toBeUndefined();
});

test('what is older than it may be makes room, and is not taken', async () => {
  const clock = new VirtualClock();
  const accepted = new AcceptedMail({ clock, maxAgeMs: 100, maxLength: 5 });
  accepted.remember(draft('m1'));
  await clock.advance(50);
  accepted.remember(draft('m2'));
  accepted.remember(draft('m3'));
  await clock.advance(50);
  accepted.remember(draft('m4'));
  expect(['m1', 'm2', 'm3', 'm4'].map((pk) => accepted.has(pk))).toEqual([false, true, false, true]);
  await clock.advance(50);
  expect([accepted.take('m2'), accepted.take('m4')?.content]).toEqual([undefined, '{}']);
});

test('what finds no room leaves those before it their place', () => {
  const accepted = new AcceptedMail({ clock: new VirtualClock(), maxLength: 6 });
  for (const pk of ['m1', 'm2', 'm3', 'm4']) accepted.remember(draft(pk));
  expect(['m1', 'm2', 'm3', 'm4'].map((pk) => accepted.has(pk))).toEqual([true, true, true, false]);
  accepted.take('m1');
  accepted.remember(draft('m2', { content: '[]' }));
  accepted.remember(draft('m5'));
  expect([accepted.take('m2')?.content, accepted.has('m5')]).toEqual(['[]', true]);
});
