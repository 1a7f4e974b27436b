// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase } from '@mail-proxy/testkit';
import { measureLarge } from '../large/measure-large.ts';
import type { Contender, Plan } from './plan.ts';

const MIB = 1_048_576;
const ON_SQLITE = 'mail-proxy, SQLite';
const ON_POSTGRES = 'mail-proxy, PostgreSQL';

export const large: Plan = {
  name: 'large',
  summary: 'memory while 50 messages with 25 MiB each are all on their way to the relay at once; --mib is their size',
  rounds: 1,
  async groups({ messages, mib }, world) {
    const run = { count: messages ?? 50, sizeBytes: mib * MIB };
    const contenders: Contender[] = [{ row: ON_SQLITE, run: () => measureLarge({ row: ON_SQLITE, ...run }) }];
    const postgres = await world.postgres();
    if (postgres !== null) {
      const onPostgres = async () => {
        await using database = await createDatabase(postgres.url);
        return await measureLarge({ row: ON_POSTGRES, ...run, databaseUrl: database.url });
      };
      contenders.push({ row: ON_POSTGRES, run: onPostgres });
    }
    return [{ where: { 'MiB each': mib }, contenders, baseline: ON_SQLITE, compared: 'rss_peak_mib' }];
  },
};
