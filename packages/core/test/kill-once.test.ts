// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { seededRandom } from '../src/testing/index.ts';

const CHILD = fileURLToPath(new URL('./kill-once-child-main.ts', import.meta.url));
const KILLS = Number(process.env['GMP_KILL_LIVES'] ?? 8);

/** What one life told: the keys that it asked with, and the messages that each got. */
async function live(args: readonly string[], killAfterMs: number | null): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--conditions=mail-proxy-source', CHILD, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    if (line === 'started' && killAfterMs !== null) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  });
  const [code, signal] = await closed;
  expect(killAfterMs === null ? code : signal).toBe(killAfterMs === null ? 0 : 'SIGKILL');
  return lines;
}

test('kill -9 between acceptance and answer: the key brings the messages that were stored, and no others', {
  timeout: 60_000 + KILLS * 12_000,
}, async () => {
  using dir = tempDir();
  const seed = Date.now() % 100_000;
  const random = seededRandom(seed);
  const answers = new Map<string, Set<string>>();
  let used = 0;
  const heed = (lines: readonly string[]): void => {
    for (const line of lines) {
      const [word, key = '', ...pks] = line.split(' ');
      if (word === 'asked') used = Math.max(used, Number(key) + 1);
      if (word === 'answered') answers.set(key, (answers.get(key) ?? new Set()).add(pks.join(' ')));
    }
  };
  for (let life = 0; life < KILLS; life++) {
    heed(await live([dir.file('mail.db'), String(life)], 5 + random() * 300));
  }
  const end = await live([dir.file('mail.db'), String(used), 'end'], null);
  heed(end);
  console.log(`keys under kill -9, seed ${seed}: ${KILLS} kills, ${used} keys`);
  expect(used).toBeGreaterThan(KILLS);
  expect([...answers.values()].filter((same) => same.size !== 1)).toEqual([]);
  expect(answers.size).toBe(used);
  expect(end).toContain(`waiting ${used * 2}`);
});
