// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailContent } from '@mail-proxy/core';
import { expect, test } from 'vitest';
import { withFooter } from './insert-footer.ts';

const FOOTER = { html: '<hr>', text: '---\n' };

function bodies(content: Partial<Pick<MailContent, 'text' | 'html' | 'calendar'>>) {
  const mail: MailContent = {
    ...{ from: { name: '', address: 'a@example.com' }, to: [], cc: [], replyTo: [], subject: '', headers: [] },
    ...{ text: null, html: null, calendar: null, attachments: [], detached: [], messageId: '<1@example.com>', date: 0 },
    ...content,
  };
  const { text, html, calendar } = withFooter(mail, FOOTER);
  return { text, html, calendar };
}

test.each([
  ['<html><body>Hi</body></html>', '<html><body>Hi<hr></body></html>'],
  ['<BODY>Hi</BODY >', '<BODY>Hi<hr></BODY >'],
  ['<body>Write &lt;/body&gt;, as in </body> or</body>', '<body>Write &lt;/body&gt;, as in </body> or<hr></body>'],
  ['<html>Hi</HTML>\n', '<html>Hi<hr></HTML>\n'],
  ['<p>Hi</p>', '<p>Hi</p><hr>'],
  ['', '<hr>'],
  ['<body>Hi</body><!-- </body> -->', '<body>Hi<hr></body><!-- </body> -->'],
  ['<body>Hi<!--[if mso]></body></html><![endif]-->', '<body>Hi<!--[if mso]></body></html><![endif]--><hr>'],
  ['<body>Hi</body><!-- never closed </body>', '<body>Hi<hr></body><!-- never closed </body>'],
  ['<body>İstanbul</body>', '<body>İstanbul<hr></body>'],
])('in %j it stands at the end of what is shown', (html, expected) => {
  expect(bodies({ html }).html).toBe(expected);
});

test.each([
  ['Hi.\n', 'Hi.\n\n---\n'],
  ['Hi.', 'Hi.\n\n---\n'],
  ['Hi.\r\n\r\n', 'Hi.\n\n---\n'],
  ['  \n', '---\n'],
])('to the text %j it is appended', (text, expected) => {
  expect(bodies({ text }).text).toBe(expected);
});

test('only the bodies that are there have it, and a message without any has it as text', () => {
  const calendar = { method: 'REQUEST', content: 'BEGIN:VCALENDAR' } as const;
  expect(bodies({ text: 'Hi.', html: '<p>Hi' })).toEqual({ text: 'Hi.\n\n---\n', html: '<p>Hi<hr>', calendar: null });
  expect(bodies({ html: '<p>Hi' })).toEqual({ text: null, html: '<p>Hi<hr>', calendar: null });
  expect(bodies({ text: 'Hi.' })).toEqual({ text: 'Hi.\n\n---\n', html: null, calendar: null });
  expect(bodies({})).toEqual({ text: '---\n', html: null, calendar: null });
  expect(bodies({ calendar })).toEqual({ text: '---\n', html: null, calendar });
});

test('a body of many comments that never end takes no time', () => {
  const html = `${'<!-- </body '.repeat(200_000)}`;
  expect(bodies({ html }).html).toBe(`${html}<hr>`);
});
