// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The process that the test of a killed rotation kills.
import { writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openSecretsEngine } from './secrets-world.case.ts';

const [database = '', keyFile = ''] = process.argv.slice(2);
const STDOUT = 1;

const engine = await openSecretsEngine({ database, keyFile });
await engine.start();
await engine.execute('keys.rotate', {});
let said = '';
for (;;) {
  // By the output schema of the operation.
  const { state, done, total } = (await engine.execute('keys.rotation', {})) as Readonly<Record<string, unknown>>;
  // Synchronous: what was told was told, whenever the signal comes.
  const line = `${state} ${done} ${total}\n`;
  if (line !== said) writeSync(STDOUT, line);
  said = line;
  if (state !== 'running') break;
  await nextTurn();
}
await engine[Symbol.asyncDispose]();
