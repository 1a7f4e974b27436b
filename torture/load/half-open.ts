// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClient } from './client.ts';
import type { Load } from './load.ts';
import { mail, openLoadWorld } from './load-world.ts';
import { quantile, rssOf } from './process-figures.ts';

const CONNECTIONS = 2_000;
/** A server has so long to be rid of them. */
const PATIENCE_MS = 60_000;
const CLOSED_MS = 30_000;
const DRIBBLE_MS = 1_000;

/** Target 23. */
export const halfOpen: Load = {
  name: 'half-open',
  about:
    '2,000 connections that say nothing, half a request or a letter a second: closed within 30 s, others are served',
  async run({ count }) {
    await using world = await openLoadWorld();
    const key = await world.addTenant('acme');
    const before = rssOf(world.server.pid);
    const port = Number(new URL(world.server.url).port);
    const begunAt = performance.now();
    const lives: number[] = [];
    const sockets: Socket[] = [];
    for (let n = 0; n < (count ?? CONNECTIONS); n++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      const openedAt = performance.now();
      socket.once('close', () => lives.push(performance.now() - openedAt));
      socket.resume();
      if (n % 3 !== 0) socket.write('POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
      sockets.push(socket);
      if (n % 100 === 0) await sleep(1);
    }
    const dribble = setInterval(() => {
      for (const [n, socket] of sockets.entries()) if (n % 3 === 2 && !socket.destroyed) socket.write('x');
    }, DRIBBLE_MS);
    using client = openClient(world.server.url, 4, key);
    const latencies: number[] = [];
    const statuses: number[] = [];
    let peak = before;
    while (lives.length < sockets.length && performance.now() - begunAt < PATIENCE_MS) {
      const { tookMs, status } = await client.call('POST', '/v1/messages', mail(`m-${latencies.length}`));
      latencies.push(tookMs);
      statuses.push(status);
      peak = Math.max(peak, rssOf(world.server.pid));
      await sleep(10);
    }
    clearInterval(dribble);
    const open = sockets.filter(({ destroyed }) => !destroyed);
    for (const socket of open) socket.destroy();
    const wrong: string[] = [];
    const late = lives.filter((ms) => ms > CLOSED_MS).length;
    if (open.length + late > 0) wrong.push(`${open.length + late} were open for more than ${CLOSED_MS / 1_000} s`);
    const refused = statuses.filter((status) => status !== 202).length;
    if (refused > 0) wrong.push(`${refused} of ${statuses.length} requests of others were not accepted`);
    return {
      figures: {
        connections: sockets.length,
        longest_seconds: Math.max(...lives) / 1_000,
        others: latencies.length,
        others_p50_ms: quantile(latencies, 0.5),
        others_p99_ms: quantile(latencies, 0.99),
        rss_more_mib: peak - before,
      },
      wrong,
    };
  },
};
