// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase } from '@mail-proxy/testkit';
import type { Tuning } from '../peers/serve-peer.ts';
import type { World } from '../world/world.ts';
import { type Peer, peerWay } from './peer-way.ts';
import type { QueueWay, Way } from './way.ts';

/** nodemailer's pool behind HTTP with its queue in memory: nothing survives its end. */
export const nodemailerHttp: Way = peerWay({ row: 'nodemailer behind HTTP', main: 'nodemailer-http-main.ts' });

/** What a developer would build instead, as far as its servers can run here. */
export async function availablePeers(world: World, tunedFor: Tuning = 'throughput'): Promise<readonly QueueWay[]> {
  const peers = [...(await onRedis(world)), ...(await onPostgres(world))];
  return peers.map((peer) => peerWay({ ...peer, tunedFor }));
}

async function onRedis(world: World): Promise<readonly Peer[]> {
  const peers: Peer[] = [];
  for (const fsync of ['always', 'everysec'] as const) {
    const redis = await world.redis(fsync);
    if (redis === null) continue;
    peers.push({
      row: `BullMQ + nodemailer pool, fsync ${fsync}`,
      main: 'bullmq-main.ts',
      openQueue: async () => ({ url: redis.url, [Symbol.asyncDispose]: () => redis.clear() }),
    });
  }
  return peers;
}

async function onPostgres(world: World): Promise<readonly Peer[]> {
  const postgres = await world.postgres();
  if (postgres === null) return [];
  const openQueue = () => createDatabase(postgres.url);
  return [
    { row: 'pg-boss + nodemailer pool', main: 'pg-boss-main.ts', openQueue },
    { row: 'graphile-worker + nodemailer pool', main: 'graphile-worker-main.ts', openQueue },
  ];
}
