// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that the test of captured mail kills: an engine that submits to a sandbox as fast as that takes it, and
// tells on its standard output which messages it accepted.
import { createMailEngine } from '@mail-proxy/core';
import { capturedConfig } from './kill-captured.case.ts';
import { say } from './say.case.ts';

const [database = '', life = ''] = process.argv.slice(2);
const BATCH = 20;
const MAX_WAITING = 200;

await using engine = await createMailEngine({ config: capturedConfig(database) });
if (life === '0') {
  await engine.execute('accounts.create', { id: 'box', type: 'sandbox', is_default: true, max_connections: 10 });
}
await engine.start();
say('started');
for (let batch = 0; ; batch++) {
  const ids = Array.from({ length: BATCH }, (_, index) => `${life}-${batch}-${index}`);
  const { results } = await engine.submit(
    ids.map((id) => ({
      id,
      from: 'sender@example.com',
      // The second is taken by a later attempt than the first.
      to: ['one@example.org', 'softbounce+1@simulate.invalid'],
      subject: id,
      text: 'A line of text.\n'.repeat(20),
    })),
  );
  const accepted = results.flatMap((one) => (one.status === 'accepted' ? [one.id] : []));
  say(`accepted ${accepted.join(' ')}`);
  while (Object(await engine.execute('instance.get', {})).waiting > MAX_WAITING) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
