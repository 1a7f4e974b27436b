// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase } from '@mail-proxy/testkit';
import { measureBacklog } from '../backlog/measure-backlog.ts';
import type { World } from '../world/world.ts';
import type { Contender, Plan } from './plan.ts';

const BACKLOGS = [1_000, 100_000, 1_000_000];
/** As many as the smallest backlog has. */
const MESSAGES = 1_000;
const CONNECTIONS = 10;

export const backlog: Plan = {
  name: 'backlog',
  summary:
    'messages/s out of backlogs of 1,000, 100,000 and 1,000,000 (--ready is the largest), and seconds of a start',
  rounds: 3,
  async groups({ messages, ready }, world) {
    const countOf = (size: number): number => Math.min(messages ?? MESSAGES, size);
    const sizes = BACKLOGS.filter((size) => size <= ready);
    const [smallest] = sizes;
    if (smallest === undefined) throw new Error(`--ready: the smallest backlog is ${BACKLOGS[0]}`);
    const tables = [{ store: 'SQLite', contenders: sizes.map((size) => onSqlite(size, countOf(size))) }];
    if ((await world.postgres()) !== null) {
      tables.push({ store: 'PostgreSQL', contenders: sizes.map((size) => onPostgres(world, size, countOf(size))) });
    }
    return tables.map(({ store, contenders }) => ({
      where: { store, connections: CONNECTIONS },
      contenders,
      baseline: rowOf(smallest),
      compared: 'messages_per_second',
    }));
  },
};

function onSqlite(ready: number, count: number): Contender {
  const run = { row: rowOf(ready), ready, count, connections: CONNECTIONS };
  return { row: run.row, run: () => measureBacklog(run) };
}

function onPostgres(world: World, ready: number, count: number): Contender {
  const run = { row: rowOf(ready), ready, count, connections: CONNECTIONS };
  return {
    row: run.row,
    async run() {
      const postgres = await world.postgres();
      if (postgres === null) throw new Error('PostgreSQL is gone');
      await using database = await createDatabase(postgres.url);
      return await measureBacklog({ ...run, databaseUrl: database.url });
    },
  };
}

function rowOf(ready: number): string {
  return `${ready.toLocaleString('en')} ready`;
}
