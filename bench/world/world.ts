// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startPostgres, type TestPostgres } from '@mail-proxy/testkit';
import { type BenchRedis, findRedis, type RedisFsync, startRedis } from './redis.ts';

/** The servers that several plans share; each is started when it is first asked for. */
export interface World extends AsyncDisposable {
  /** A PostgreSQL that waits for the disk, as in production; null, with the reason printed, where none can run. */
  postgres(): Promise<TestPostgres | null>;
  /** Null, with the reason printed, where there is no redis-server. */
  redis(fsync: RedisFsync): Promise<BenchRedis | null>;
}

export function createWorld(): World {
  const resources = new AsyncDisposableStack();
  const started = new Map<string, Promise<AsyncDisposable | null>>();

  /** Start it at most once. */
  function once<Resource extends AsyncDisposable>(
    name: string,
    start: () => Promise<Resource>,
  ): Promise<Resource | null> {
    const known = started.get(name) ?? start().then((resource) => resources.use(resource), leaveOut(name));
    started.set(name, known);
    // Each name stands for one kind.
    return known as Promise<Resource | null>;
  }

  return {
    postgres: () => once('PostgreSQL', () => startPostgres({ durable: true })),
    redis: (fsync) =>
      once(`Redis, fsync ${fsync}`, async () => {
        const program = findRedis();
        if (program === null) throw new Error('redis-server is not on PATH');
        return startRedis(program, fsync);
      }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function leaveOut(name: string): (error: unknown) => null {
  return (error) => {
    console.error(`no rows on ${name}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  };
}
