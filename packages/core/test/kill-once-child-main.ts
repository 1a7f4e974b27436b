// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that the test of keys kills: it submits each key again that an earlier life may have used, then new ones,
// and tells on its standard output which message each key got.
import { writeSync } from 'node:fs';
import { createMailEngine } from '@mail-proxy/core';

const [database = '', used = '0', mode = ''] = process.argv.slice(2);
const STDOUT = 1;

/** It is in the pipe when this returns, whatever becomes of this process then; a full pipe is waited for. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(STDOUT, line);
      return;
    } catch (error) {
      if (Object(error).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

await using engine = await createMailEngine({ config: { database } });
if (used === '0' && mode === '') {
  await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: 1, tls: 'none' });
}
say('started\n');
const last = mode === 'end' ? Number(used) : Number.POSITIVE_INFINITY;
for (let key = 0; key < last; key++) {
  const messages = [0, 1].map((n) => ({
    from: 'sender@example.com',
    to: ['recipient@example.org'],
    subject: `Message ${n} of ${key}`,
    text: 'A line of text.\n',
  }));
  say(`asked ${key}\n`);
  const { results } = await engine.submit(messages, { idempotencyKey: `key-${key}` });
  say(`answered ${key} ${results.map(({ pk }) => pk).join(' ')}\n`);
}
const { waiting } = Object(await engine.execute('instance.get', {}));
say(`waiting ${waiting}\n`);
