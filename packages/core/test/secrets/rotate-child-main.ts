// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that the test of a killed rotation kills.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { say } from '../say.case.ts';
import { openSecretsEngine } from './secrets-world.case.ts';

const [database = '', keyFile = ''] = process.argv.slice(2);

const engine = await openSecretsEngine({ database, keyFile });
await engine.start();
await engine.execute('keys.rotate', {});
let said = '';
for (;;) {
  // By the output schema of the operation.
  const { state, done, total } = (await engine.execute('keys.rotation', {})) as Readonly<Record<string, unknown>>;
  const line = `${state} ${done} ${total}`;
  if (line !== said) say(line);
  said = line;
  if (state !== 'running') break;
  await nextTurn();
}
await engine[Symbol.asyncDispose]();
