// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { connect } from 'node:net';
import { ADMIN_TOKEN } from '../world/api.ts';
import { statusCounts } from './client.ts';
import type { Load } from './load.ts';
import { openLoadWorld } from './load-world.ts';
import { peakWhile, rssOf } from './process-figures.ts';

const GIB = 1_073_741_824;
const PIECE = Buffer.alloc(65_536, 'x');
const PARALLEL = 100;
const ANSWERS = [413, 503];

/** Target 22. */
export const uploads: Load = {
  name: 'uploads',
  about: 'bodies of a gigabyte, 100 at once, announced and in chunks: 413 or 503, nothing is taken, the memory stays',
  async run({ count }) {
    await using world = await openLoadWorld();
    const { server } = world;
    await world.addTenant('acme');
    // Code that runs for the first time takes memory, too.
    await Promise.all([upload(server.url, true), upload(server.url, false)]);
    const figures: Record<string, number> = {};
    const wrong: string[] = [];
    for (const isChunked of [false, true]) {
      const kind = isChunked ? 'chunked' : 'announced';
      const before = rssOf(server.pid);
      const all = Array.from({ length: count ?? PARALLEL }, () => upload(server.url, isChunked));
      const { peak, done } = await peakWhile(server.pid, Promise.all(all));
      figures[`${kind}_rss_more_mib`] = peak - before;
      for (const [status, times] of Object.entries(statusCounts(done))) figures[`${kind}_${status}`] = times;
      const others = done.filter((status) => status !== 0 && !ANSWERS.includes(status));
      if (others.length > 0) wrong.push(`${kind}: answered ${[...new Set(others)].join(', ')}`);
    }
    const kept = JSON.parse((await world.operator.call('GET', '/v1/messages')).text) as {
      readonly items: readonly object[];
    };
    if (kept.items.length > 0) wrong.push(`${kept.items.length} messages were accepted`);
    return { figures, wrong };
  },
};

/** Send a gigabyte until somebody says something. @returns the status, 0 where the connection was cut */
function upload(url: string, isChunked: boolean): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${GIB}`;
    socket.write(
      `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n` +
        `Content-Type: application/json\r\n${framing}\r\n\r\n`,
    );
    const piece = isChunked ? Buffer.concat([Buffer.from('10000\r\n'), PIECE, Buffer.from('\r\n')]) : PIECE;
    let sent = 0;
    const send = (): void => {
      while (sent < GIB && !socket.destroyed) {
        sent += PIECE.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on('drain', send);
    socket.once('data', (bytes) => {
      resolve(Number(bytes.toString('latin1').slice(9, 12)));
      socket.destroy();
    });
    // What was cut off had its answer, unless that was lost on the way.
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(0));
    send();
  });
}
