// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { type LenientSink, startLenientSink } from './lenient-sink.case.ts';
import { type Answer, type ServedApp, serveApp } from './served-app.case.ts';

const MAIL = { from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'Hello' };
const FILE = { filename: 'a.txt', storage_path: 'base64:SGVsbG8=' };

/** Whatever of a message comes from outside. */
const POINTS: Readonly<Record<string, (bad: string) => object>> = {
  from: (bad) => ({ from: `a${bad}@example.net` }),
  'name of the sender': (bad) => ({ from: `"A ${bad}" <a@example.net>` }),
  'domain of the sender': (bad) => ({ from: `a@example.net${bad}` }),
  to: (bad) => ({ to: `b@example.org${bad}` }),
  'one of several': (bad) => ({ to: ['b@example.org', `c${bad}@example.org`] }),
  'name of a recipient': (bad) => ({ to: `"B ${bad}" <b@example.org>` }),
  'quoted local part': (bad) => ({ to: `"b${bad}"@example.org` }),
  'name of a group': (bad) => ({ to: `Team${bad}: b@example.org;` }),
  cc: (bad) => ({ cc: `b@example.org${bad}` }),
  bcc: (bad) => ({ bcc: `b@example.org${bad}` }),
  reply_to: (bad) => ({ reply_to: `b@example.org${bad}` }),
  return_path: (bad) => ({ return_path: `b@example.org${bad}` }),
  subject: (bad) => ({ subject: `Hi${bad}` }),
  message_id: (bad) => ({ message_id: `<x${bad}@example.net>` }),
  id: (bad) => ({ id: `id${bad}` }),
  batch_code: (bad) => ({ batch_code: `batch${bad}` }),
  'name of a header': (bad) => ({ headers: { [`X-A${bad}`]: 'x' } }),
  'value of a header': (bad) => ({ headers: { 'X-A': `x${bad}` } }),
  'url to unsubscribe': (bad) => ({ list_unsubscribe: { url: `https://example.net/${bad}` } }),
  'address to unsubscribe': (bad) => ({ list_unsubscribe: { mailto: `u@example.net${bad}` } }),
  filename: (bad) => ({ attachments: [{ ...FILE, filename: `a${bad}.txt` }] }),
  mime_type: (bad) => ({ attachments: [{ ...FILE, mime_type: `text/plain${bad}` }] }),
  content_id: (bad) => ({ attachments: [{ ...FILE, content_id: `x${bad}` }] }),
  'method of a calendar': (bad) => ({
    calendar: { method: `REQUEST${bad}`, content: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n' },
  }),
  calendar: (bad) => ({
    calendar: { method: 'REQUEST', content: `BEGIN:VCALENDAR\r\nSUMMARY:Hi${bad}\r\nEND:VCALENDAR\r\n` },
  }),
  text: (bad) => ({ text: `Hello${bad}` }),
  html: (bad) => ({ html: `<p>Hello${bad}</p>` }),
};
const EVIL = 'X-Evil: 1';
const breaks = ['\r', '\n', '\r\n', '\0', '\u2028', '\u2029', '\u0085', '\v', '\f'];
const BAD: readonly string[] = [
  ...breaks.map((each) => `${each}${EVIL}${each}RCPT TO:<evil@example.org>${each}`),
  // Far more than any of these fields holds.
  'x'.repeat(1_048_576),
];

/** Sequences that some relay took for the end of a message (VU#302671), and a transaction behind each. */
const ENDS = [
  ...['\n.\n', '\n.\r', '\r.\n', '\r.\r', '\n.\r\n', '\r.\r\n', '\r\n.\r\r\n', '\r\r\n.\r\r\n', '\r\n\0.\r\n'],
  ...['\r\n.\n', '\r\n.\r\n'],
].map((end) => `Hello${end}MAIL FROM:<evil@example.org>\r\nRCPT TO:<evil@example.org>\r\nDATA\r\n${EVIL}\r\n\r\nx`);

/** An engine that delivers to a relay which is easily deceived. */
async function openInjection() {
  const sink = await startLenientSink();
  const app = await serveApp();
  await app.engine.start();
  await app.engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: sink.port, tls: 'none' });
  return {
    sink,
    app,
    post: (message: object) => app.call('POST', '/v1/messages', { json: { ...MAIL, ...message } }),
    async [Symbol.asyncDispose]() {
      await app.engine.stop({ deadlineMs: 1 });
      await app[Symbol.asyncDispose]();
      await sink[Symbol.asyncDispose]();
    },
  };
}

/** All that was accepted has arrived, once, and nothing else has. */
async function expectOnly({ app, sink }: { app: ServedApp; sink: LenientSink }, answers: readonly Answer[]) {
  const accepted = answers.filter(({ status }) => status === 202).length;
  const waiting = async () => Object(await app.engine.execute('instance.get', {})).waiting as number;
  await eventually(async () => expect(await waiting()).toBe(0));
  expect(answers.filter(({ status }) => status !== 202 && (status < 400 || status >= 500))).toEqual([]);
  expect(sink.odd).toEqual([]);
  expect(sink.messages).toHaveLength(accepted);
  expect(
    sink.messages.filter(({ fields }) => fields.some((name) => !/^[a-z-]+$/.test(name) || name === 'x-evil')),
  ).toEqual([]);
  expect(JSON.stringify(sink.messages.map(({ recipients }) => recipients))).not.toContain('evil');
  return accepted;
}

test('nothing that stands in a message becomes a header line or a command, wherever it stands', async () => {
  await using open = await openInjection();
  const answers: Answer[] = [];
  const taken = new Set<string>();
  for (const [point, make] of Object.entries(POINTS)) {
    for (const bad of BAD) {
      const answer = await open.post(make(bad));
      answers.push(answer);
      if (answer.status === 202) taken.add(point);
    }
  }
  await expectOnly(open, answers);
  // These are for several lines; in a name the separators of Unicode are encoded, and all else is refused.
  expect([...taken].sort()).toEqual(['calendar', 'html', 'name of a recipient', 'name of the sender', 'text']);
  // Each point is one: the same without the break is accepted.
  const whole = await Promise.all(Object.values(POINTS).map((make) => open.post(make(''))));
  expect(whole.map(({ status, text }) => [status, status === 202 ? '' : text])).toEqual(whole.map(() => [202, '']));
});

test("a header that the proxy writes itself is no one else's to set, however it is written", async () => {
  await using open = await openInjection();
  const names = [
    ...['From', 'To', 'Cc', 'Bcc', 'Reply-To', 'Sender', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Received'],
    ...['Content-Type', 'Content-Transfer-Encoding', 'Content-Disposition', 'DKIM-Signature', 'Return-Path'],
    ...['Resent-From', 'ARC-Seal', 'Authentication-Results', 'X-Genro-Mail-ID'],
  ];
  for (const name of names) {
    for (const written of [
      name,
      name.toLowerCase(),
      name.toUpperCase(),
      `${name} `,
      ` ${name}`,
      `${name}\t`,
      `${name}:`,
    ]) {
      const { status, json } = await open.post({ headers: { [written]: 'evil@example.org' } });
      expect([written, status, json.errors?.[0]?.pointer]).toEqual([written, 422, expect.stringMatching(/^\/headers/)]);
    }
  }
  expect(await expectOnly(open, [])).toBe(0);
});

test('whatever a relay takes for the end of a message, one message is one', async () => {
  await using open = await openInjection();
  const answers: Answer[] = [];
  for (const text of ENDS) {
    const bytes = Buffer.from(text, 'latin1');
    const base64 = `base64:${bytes.toString('base64')}`;
    answers.push(await open.post({ text }), await open.post({ html: text }), await open.post({ text: `é${text}` }));
    answers.push(
      await open.post({ attachments: [{ filename: 'a.txt', mime_type: 'text/plain', storage_path: base64 }] }),
    );
    answers.push(
      await open.post({ attachments: [{ filename: 'a.eml', mime_type: 'message/rfc822', storage_path: base64 }] }),
    );
    const raw = Buffer.concat([Buffer.from('From: a@example.net\r\nTo: b@example.org\r\n\r\n'), bytes]);
    answers.push(
      await open.app.call('POST', '/v1/messages', { body: raw, headers: { 'content-type': 'message/rfc822' } }),
    );
  }
  const accepted = await expectOnly(open, answers);
  // NUL is no octet of a message; all else comes to its relay.
  expect(accepted).toBe(6 * ENDS.length - 4);
});
