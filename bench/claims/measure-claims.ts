// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { prepareClaim } from '../../packages/core/src/queue/claim.ts';
import { createSessionStore } from '../../packages/core/src/queue/sessions.ts';
import type { OpenedDatabase } from './opened-database.ts';
import type { ClaimRow } from './rows.ts';
import { putBack, seedLanes, seedReady } from './seed.ts';

/** Messages that a claim asks for: what a busy dispatcher has places for at a time. */
const QUOTA = 10;
/** Claims of all lanes, after which everything is put back: half of what the smallest backlog holds. */
const TURNS = 5;

/** Milliseconds of claiming after which a backlog is known well enough. */
const ENOUGH_MS = 5_000;
const MAX_ROUNDS = 40;

/** Claims a second while so many messages are ready, from small to large; all lanes claim at once, turn after turn. */
export async function measureClaims(
  { name, database }: OpenedDatabase,
  backlogs: readonly number[],
): Promise<readonly ClaimRow[]> {
  const lanes = await seedLanes(database);
  const claim = prepareClaim(database);
  const sessions = createSessionStore(database, () => 'unused');
  const session = await sessions.start('bench', Date.now());
  const takeTurn = async (): Promise<void> => {
    const claimed = await Promise.all(
      lanes.map((lane) =>
        claim([{ ...lane, quota: QUOTA, limits: null }], { session, now: Date.now(), immediateOnly: false }),
      ),
    );
    const short = claimed.flat().find((messages) => messages.length !== QUOTA);
    if (short !== undefined) throw new Error(`a claim took ${short.length} messages instead of ${QUOTA}`);
  };

  const rows: ClaimRow[] = [];
  let seeded = 0;
  for (const ready of backlogs) {
    await seedReady(database, seeded + 1, ready);
    seeded = ready;
    await takeTurn();
    await putBack(database);
    let ms = 0;
    let claims = 0;
    for (let round = 0; round < MAX_ROUNDS && ms < ENOUGH_MS; round++) {
      const startAt = performance.now();
      for (let turn = 0; turn < TURNS; turn++) await takeTurn();
      ms += performance.now() - startAt;
      claims += TURNS * lanes.length;
      await putBack(database);
    }
    const perSecond = (claims * 1_000) / ms;
    rows.push({ what: 'claim', database: name, ready, claims_per_second: perSecond, per_second: perSecond * QUOTA });
  }
  return rows;
}
