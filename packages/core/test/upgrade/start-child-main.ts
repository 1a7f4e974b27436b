// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// One of the processes that start on an empty database at once. Says which steps it applied, and that it is up.
import { createMailEngine, silentLog } from '@mail-proxy/core';
import { say } from '../say.case.ts';

const [database = '', encryptionKey = '', instanceName = ''] = process.argv.slice(2);

await using engine = await createMailEngine({
  config: { database, encryptionKey, instanceName },
  log: {
    ...silentLog,
    info: (fields, message) => {
      if (message === 'schema migrated') say(JSON.stringify({ applied: fields }));
    },
  },
});
await engine.start();
say(JSON.stringify({ up: true }));
// Until the parent closes it.
for await (const _ of process.stdin);
