// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createDatabase } from '@mail-proxy/testkit';
import { sql } from 'kysely';
import { expect, inject, test } from 'vitest';
import { CORE_MIGRATIONS } from '../../src/database/migrations/index.ts';
import { openDatabase } from '../../src/database/open.ts';
import { rawStatement } from '../../src/database/raw.ts';

const CHILD = fileURLToPath(new URL('./start-child-main.ts', import.meta.url));
/** The long form: GMP_STARTS=20 */
const PROCESSES = Number(process.env['GMP_STARTS'] ?? 8);
const KEY = Buffer.alloc(32, 7).toString('base64');

/** A process that starts an engine, and what it says until it is up. */
function startProcess(url: string, name: string) {
  const child = spawn(process.execPath, ['--conditions=mail-proxy-source', CHILD, url, KEY, name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const applied: unknown[] = [];
  const up = new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const said = JSON.parse(line);
      if (said.applied !== undefined) applied.push(said.applied);
      else resolve();
    });
    ended.then(([code]) => reject(new Error(`${name} ended with ${code} before it was up`)), reject);
  });
  return { up, applied, ended, stop: () => child.stdin.end() };
}

test.skipIf(inject('pgSkip') !== '')(
  'many processes start on one empty database at once: all come up, and each step is applied once',
  { timeout: 180_000 },
  async () => {
    await using made = await createDatabase(inject('pgUrl') ?? '');
    const processes = Array.from({ length: PROCESSES }, (_, index) => startProcess(made.url, `instance-${index}`));
    try {
      await Promise.all(processes.map(({ up }) => up));
      const expected = CORE_MIGRATIONS.migrations.map(({ number, name }) => ({ namespace: 'core', number, name }));
      const applied = processes.flatMap((each) => each.applied);
      expect(applied).toHaveLength(expected.length);
      expect(applied).toEqual(expect.arrayContaining(expected));
      await using database = await openDatabase<unknown>(made.url);
      const sessions = sql<{ instance: string }>`select distinct instance from sessions where ended_at is null`;
      expect(await database.read(rawStatement(database, sessions))).toHaveLength(PROCESSES);
    } finally {
      for (const { stop } of processes) stop();
      await Promise.all(processes.map(({ ended }) => ended));
    }
    expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual(processes.map(() => [0, null]));
  },
);
