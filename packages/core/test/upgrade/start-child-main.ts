// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// One of the processes that start on an empty database at once. Says which steps it applied, and that it is up.
import { writeSync } from 'node:fs';
import { createMailEngine, silentLog } from '@mail-proxy/core';

const [database = '', encryptionKey = '', instanceName = ''] = process.argv.slice(2);
const STDOUT = 1;
const say = (line: object): void => void writeSync(STDOUT, `${JSON.stringify(line)}\n`);

await using engine = await createMailEngine({
  config: { database, encryptionKey, instanceName },
  log: {
    ...silentLog,
    info: (fields, message) => {
      if (message === 'schema migrated') say({ applied: fields });
    },
  },
});
await engine.start();
say({ up: true });
// Until the parent closes it.
for await (const _ of process.stdin);
