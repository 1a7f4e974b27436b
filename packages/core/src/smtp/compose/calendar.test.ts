// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { checkCalendar } from './calendar.ts';

test.each([
  'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n',
  'begin:vcalendar\nmethod;x=y: request \nend:vcalendar',
  '\uFEFFBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n',
  'BEGIN:VCALENDAR\r\nX-METHOD:CANCEL\r\nEND:VCALENDAR\r\n',
])('%j is an invitation with the method REQUEST', (content) => {
  expect(checkCalendar({ method: 'REQUEST', content })).toBeNull();
});

test.each([
  '',
  'Hello',
  'BEGIN:VCARD\r\nEND:VCARD',
  'BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR',
  'BEGIN:VCALENDAR\r\nMETHOD:\r\nEND:VCALENDAR',
])('%j is none', (content) => {
  expect(checkCalendar({ method: 'REQUEST', content })).toEqual(expect.any(String));
});
