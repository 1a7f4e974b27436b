// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnCountingSink, tempDir } from '@mail-proxy/testkit';
import { openClient, statusCounts } from './client.ts';
import type { Load } from './load.ts';
import { mail, startServer } from './load-world.ts';
import { quantile } from './process-figures.ts';

const ROUNDS = 5;
const DISK_MIB = 48;
/** /readyz turns in this time, and back. */
const KNOWN_S = 10;
/** A call is answered in this time. */
const ANSWERED_MS = 2_000;
const AT_ONCE = 4;
/** The server's own number. */
const MAX_SENDS = 50;
/** Come with every Linux. */
const MOUNT = 'mount';
const UNMOUNT = 'umount';

/** Target 6. */
export const diskFull: Load = {
  name: 'disk-full',
  about:
    'a disk of 48 MiB that fills up and is freed while mail comes, once with a SIGKILL: 507 or 503, none lost (as root)',
  async run({ count }) {
    using dir = tempDir();
    using _mounted = mountDisk(dir.path);
    await using sink = await spawnCountingSink();
    let server = await startServer(dir, { GMP_MIN_FREE_MB: '0' });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => server[Symbol.asyncDispose]());
    using operator = openClient(server.url, 1);
    const relay = { id: 'main', host: '127.0.0.1', port: sink.port, tls: 'none' };
    await operator.call('POST', '/v1/accounts', { ...relay, tenant_id: 'default' });

    const accepted: string[] = [];
    const statuses: number[] = [];
    const took: number[] = [];
    const wrong: string[] = [];
    let posted = 0;
    let isOver = false;
    const post = async (): Promise<void> => {
      using client = { ...openClient(server.url, 1), url: server.url };
      while (!isOver && client.url === server.url) {
        posted += 1;
        const id = `full-${posted}`;
        const { status, tookMs } = await client.call('POST', '/v1/messages', mail(id));
        statuses.push(status);
        took.push(tookMs);
        if (status === 202) accepted.push(id);
        await sleep(status === 202 ? 5 : 50);
      }
    };
    const posting: Promise<void>[] = [];
    const begin = (): void => {
      for (let n = 0; n < AT_ONCE; n++) posting.push(post());
    };
    begin();
    const down: number[] = [];
    const up: number[] = [];
    const rounds = count ?? ROUNDS;
    for (let round = 1; round <= rounds; round++) {
      await sleep(1_000);
      fill(join(dir.path, 'ballast'));
      down.push(await secondsUntil(() => server.url, 503));
      await sleep(2_000);
      if (round === rounds) {
        server.kill('SIGKILL');
        await server.exited;
      }
      rmSync(join(dir.path, 'ballast'));
      if (round === rounds) {
        server = await startServer(dir, { GMP_MIN_FREE_MB: '0' });
        begin();
      }
      up.push(await secondsUntil(() => server.url, 200));
    }
    isOver = true;
    await Promise.all(posting);
    using last = openClient(server.url, 1);
    await untilNoneWaits(last);
    const seen = Map.groupBy(await sink.messages(), ({ mailId }) => mailId ?? '');
    const lost = accepted.filter((id) => !seen.has(id));
    const twice = [...seen.values()].filter((copies) => copies.length > 1).length;
    if (lost.length > 0) wrong.push(`${lost.length} accepted and not sent: ${lost.slice(0, 5).join(', ')}`);
    const odd = new Set(statuses.filter((status) => ![0, 202, 503, 507].includes(status)));
    if (odd.size > 0) wrong.push(`answered ${[...odd].join(', ')}`);
    // Outcomes that had no room when it was killed.
    if (twice > MAX_SENDS) wrong.push(`${twice} were sent twice, and at most ${MAX_SENDS} were being sent`);
    if (Math.max(...down, ...up) > KNOWN_S) wrong.push(`/readyz took ${Math.max(...down, ...up).toFixed(1)} s`);
    if (quantile(took, 1) > ANSWERED_MS) wrong.push(`an answer took ${Math.round(quantile(took, 1))} ms`);
    return {
      figures: {
        rounds,
        accepted: accepted.length,
        ...statusCounts(statuses),
        lost: lost.length,
        sent_twice: twice,
        not_ready_after_seconds: Math.max(...down),
        ready_after_seconds: Math.max(...up),
        answer_most_ms: quantile(took, 1),
      },
      wrong,
    };
  },
};

function mountDisk(path: string): Disposable {
  execFileSync(MOUNT, ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', path]);
  return { [Symbol.dispose]: () => void execFileSync(UNMOUNT, ['-l', path]) };
}

function fill(path: string): void {
  const file = openSync(path, 'w');
  for (let bytes = 1_048_576; bytes >= 1; ) {
    try {
      writeSync(file, Buffer.alloc(bytes));
    } catch {
      // No room for that many any more.
      bytes = Math.floor(bytes / 2);
    }
  }
  closeSync(file);
}

async function secondsUntil(url: () => string, status: number): Promise<number> {
  const begunAt = performance.now();
  while ((await fetch(`${url()}/readyz`)).status !== status) {
    if (performance.now() - begunAt > 60_000) return Number.POSITIVE_INFINITY;
    await sleep(50);
  }
  return (performance.now() - begunAt) / 1_000;
}

async function untilNoneWaits(client: ReturnType<typeof openClient>): Promise<void> {
  for (let look = 0; look < 600; look++) {
    // the answer to instance.get
    const { waiting } = JSON.parse((await client.call('GET', '/v1/instance')).text) as { readonly waiting: number };
    if (waiting === 0) return;
    await sleep(100);
  }
}
