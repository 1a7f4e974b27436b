// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that the test of keys kills: it submits each key again that an earlier life may have used, then new ones,
// and tells on its standard output which message each key got.
import { createMailEngine } from '@mail-proxy/core';
import { say } from './say.case.ts';

const [database = '', used = '0', mode = ''] = process.argv.slice(2);

await using engine = await createMailEngine({ config: { database } });
if (used === '0' && mode === '') {
  await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' });
}
say('started');
const last = mode === 'end' ? Number(used) : Number.POSITIVE_INFINITY;
for (let key = 0; key < last; key++) {
  const messages = [0, 1].map((n) => ({
    from: 'sender@example.com',
    to: ['recipient@example.org'],
    subject: `Message ${n} of ${key}`,
    text: 'A line of text.\n',
  }));
  say(`asked ${key}`);
  const { results } = await engine.submit(messages, { idempotencyKey: `key-${key}` });
  say(`answered ${key} ${results.map(({ pk }) => pk).join(' ')}`);
}
const { waiting } = Object(await engine.execute('instance.get', {}));
say(`waiting ${waiting}`);
