// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createDatabase, tempDir } from '@mail-proxy/testkit';
import { describe, expect, inject, test } from 'vitest';
import { CORE_MIGRATIONS } from '../../src/database/migrations/index.ts';
import { seededRandom } from '../../src/testing/index.ts';
import { lookAtUpgraded, makeOldDatabase } from './old-database.case.ts';

const CHILD = fileURLToPath(new URL('./start-child-main.ts', import.meta.url));
const KEY = Buffer.alloc(32, 7).toString('base64');
/** The long form: GMP_UPGRADE_KILLS=20 GMP_UPGRADE_MESSAGES=100000 */
const KILLS = Number(process.env['GMP_UPGRADE_KILLS'] ?? 2);
const MESSAGES = Number(process.env['GMP_UPGRADE_MESSAGES'] ?? 2_000);
/** Steps that are left to do. */
const STEPS = CORE_MIGRATIONS.migrations.length - 1;

interface Life {
  /** Steps that it said to have applied. */
  readonly applied: number;
  /** It was not killed before it was up. */
  readonly isUp: boolean;
}

/** Start a process that upgrades the database; kill it a while after the step of a number, or let it come up and end. */
async function live(url: string, kill: { afterStep: number; ms: number } | null): Promise<Life> {
  const child = spawn(process.execPath, ['--conditions=mail-proxy-source', CHILD, url, KEY, 'upgraded'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let applied = 0;
  let isUp = false;
  const killNow = (): void => void child.kill('SIGKILL');
  createInterface(child.stdout).on('line', (line) => {
    if (JSON.parse(line).applied === undefined) {
      isUp = true;
      child.stdin.end();
      return;
    }
    applied += 1;
    if (applied === kill?.afterStep) setTimeout(killNow, kill.ms);
  });
  const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the process ended with ${code}`);
  return { applied, isUp };
}

interface OldDatabases {
  readonly url: string;
  drop(): Promise<void>;
}

const makers: Readonly<Record<string, () => Promise<OldDatabases>>> = {
  async sqlite() {
    const dir = tempDir();
    return { url: dir.file('mail.db'), drop: async () => dir[Symbol.dispose]() };
  },
  postgres: () => createDatabase(inject('pgUrl') ?? ''),
};

describe.each(Object.keys(makers))('an upgrade on %s', (kind) => {
  test.skipIf(kind === 'postgres' && inject('pgSkip') !== '')(
    'that is killed again and again is finished by the next start, and loses nothing',
    { timeout: 60_000 + KILLS * 60_000 },
    async () => {
      const seed = Date.now() % 100_000;
      const random = seededRandom(seed);
      for (let done = 0; done < KILLS; ) {
        const made = await makers[kind]?.();
        if (made === undefined) throw new Error('no database');
        try {
          await makeOldDatabase(made.url, MESSAGES);
          let applied = 0;
          while (done < KILLS && applied < STEPS) {
            const afterStep = 1 + Math.floor((random() * (STEPS - applied)) / 2);
            const life = await live(made.url, { afterStep, ms: random() * 10 });
            applied += life.applied;
            // One that came up before it was killed is none.
            if (!life.isUp) done += 1;
          }
          await live(made.url, null);
          expect(await lookAtUpgraded(made.url), `seed ${seed}`).toEqual({
            steps: CORE_MIGRATIONS.migrations.map(({ number }) => number),
            messages: MESSAGES,
            sized: MESSAGES,
          });
        } finally {
          await made.drop();
        }
      }
      console.log(`killed upgrades on ${kind}, seed ${seed}: ${KILLS} kills in the middle, ${MESSAGES} messages`);
    },
  );
});
