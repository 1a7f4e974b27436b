// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { parseStoredContent, type StoredContent } from './stored-content.ts';

const CONTENT: StoredContent = {
  from: { name: 'Ann', address: 'ann@example.org' },
  to: [{ group: 'Team', members: [{ name: '', address: 'bob@example.org' }] }],
  cc: [],
  replyTo: [],
  subject: 'Hello',
  text: 'Hi',
  html: null,
  calendar: { method: 'REPLY', content: 'BEGIN:VCALENDAR' },
  headers: [['X-Id', '1']],
  returnPath: '',
  raw: null,
};

test('what was stored is read back', () => {
  expect(parseStoredContent(JSON.stringify(CONTENT))).toEqual(CONTENT);
});

test('what was stored before there were invitations and complete messages has none', () => {
  const { calendar: _, raw: _raw, ...older } = CONTENT;
  expect(parseStoredContent(JSON.stringify(older))).toEqual({ ...CONTENT, calendar: null });
});
