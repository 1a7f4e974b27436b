// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase } from '@mail-proxy/testkit';
import { type MailProxyOptions, mailProxy } from '../ways/mail-proxy.ts';
import type { QueueWay } from '../ways/way.ts';
import type { World } from '../world/world.ts';

/** mail-proxy on SQLite and, where it can run, on PostgreSQL. */
export async function onBothDatabases(
  world: World,
  options: Omit<MailProxyOptions, 'openDatabase'> = {},
): Promise<readonly QueueWay[]> {
  const onPostgres = await mailProxyOnPostgres(world, options);
  return [mailProxy(options), ...(onPostgres === null ? [] : [onPostgres])];
}

/** Null where PostgreSQL can't run. */
export async function mailProxyOnPostgres(
  world: World,
  options: Omit<MailProxyOptions, 'openDatabase'> = {},
): Promise<QueueWay | null> {
  const postgres = await world.postgres();
  return postgres === null ? null : mailProxy({ ...options, openDatabase: () => createDatabase(postgres.url) });
}
