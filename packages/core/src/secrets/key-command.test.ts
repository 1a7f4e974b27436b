// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { readKeyCommand } from './key-command.ts';
import { newKey } from './key-file.ts';
import { keyIdOf, textOfKey } from './key-text.ts';

/** A program in Node, given as its text. */
const node = (script: string, ...args: string[]) => readKeyCommand([process.execPath, '-e', script, '--', ...args]);

async function refusalOf(reading: Promise<unknown>): Promise<Error> {
  const error: unknown = await reading.catch((thrown: unknown) => thrown);
  if (error instanceof Error) return error;
  throw new Error('it was taken');
}

test('what a program writes is read as a file of keys', async () => {
  const [one, two] = [newKey(), newKey()];
  const keys = await node('console.log(process.argv[1] + "\\n" + process.argv[2])', textOfKey(one), textOfKey(two));
  expect(keys.map(keyIdOf)).toEqual([one, two].map(keyIdOf));
});

test('arguments are no business of a shell', async () => {
  using dir = tempDir();
  const key = newKey();
  writeFileSync(dir.file('key'), textOfKey(key));
  expect((await readKeyCommand(['cat', dir.file('key')])).map(keyIdOf)).toEqual([keyIdOf(key)]);
  const shelled = await refusalOf(readKeyCommand(['cat', `${dir.file('key')}; true`]));
  expect(shelled).toMatchObject({ code: 'invalid_config', message: expect.stringContaining('exit code 1') });
});

test.each([
  ['fails', 'console.log("canary"); console.error("canary"); process.exit(3)', 'failed with exit code 3'],
  ['writes another text', 'console.log("canary")', 'must hold the base64 text of 32 bytes'],
  ['writes nothing', '', 'must hold the base64 text of 32 bytes'],
  ['writes without end', 'process.stdout.write("canary".repeat(100_000))', 'wrote more than'],
  ['kills itself', 'process.kill(process.pid, "SIGTERM")', 'was ended by SIGTERM'],
])('a program that %s is refused, and nothing of what it writes is shown', async (_, script, why) => {
  const error = await refusalOf(node(script, 'an argument with a token'));
  expect(error).toMatchObject({ code: 'invalid_config', message: expect.stringContaining(why) });
  expect(inspect(error, { depth: 10 })).not.toMatch(/canary|an argument with a token/);
});

test('a program that does not exist is named', async () => {
  const error = await refusalOf(readKeyCommand(['no-such-program-here']));
  expect(error).toMatchObject({ code: 'invalid_config', message: expect.stringContaining('ENOENT') });
});

test('a program that hangs is killed after ten seconds', { timeout: 30_000 }, async () => {
  const error = await refusalOf(node('setInterval(() => {}, 1000)'));
  expect(error.message).toContain('did not end within 10 s');
});
