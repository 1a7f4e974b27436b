// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { seededRandom } from '@mail-proxy/core/testing';
import { createDatabase } from '@mail-proxy/testkit';
import { describe, expect, inject, test } from 'vitest';
import { MAX_SENDS, runKilledInstances } from './killed-instances.case.ts';

/** The long form: GMP_KILL_MESSAGES=20000 GMP_KILLS=10 */
const MESSAGES = Number(process.env['GMP_KILL_MESSAGES'] ?? 1_000);
const KILLS = Number(process.env['GMP_KILLS'] ?? 2);

describe.skipIf(inject('pgSkip') !== '')('three servers on one PostgreSQL, each killed again and again', () => {
  test('lose nothing, and repeat nothing but what was being sent at a kill', { timeout: 1_200_000 }, async () => {
    await using database = await createDatabase(inject('pgUrl') ?? '');
    const seed = Date.now() % 100_000;
    const result = await runKilledInstances({
      databaseUrl: database.url,
      instances: 3,
      messages: MESSAGES,
      killsEach: KILLS,
      random: seededRandom(seed),
    });
    const repeated = [...result.repeatedByLife.values()];
    console.log(
      `killed instances, seed ${seed}: ${result.kills} kills, ${result.accepted} accepted, ${result.lost.length} lost, ` +
        `${repeated.reduce((sum, count) => sum + count, 0)} repeated (at most ${Math.max(0, ...repeated)} a kill), ` +
        `sent by each ${result.sentBy.join(', ')}, ${result.seconds.toFixed(0)} s`,
    );
    expect(result.kills).toBe(3 * KILLS);
    expect(result.lost).toEqual([]);
    expect(result.unexplained).toEqual([]);
    expect(result.renamed).toEqual([]);
    expect(Math.max(0, ...repeated)).toBeLessThanOrEqual(MAX_SENDS);
    for (const sent of result.sentBy) expect(sent).toBeGreaterThan(0);
  });
});
