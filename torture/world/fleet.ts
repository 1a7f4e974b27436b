// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ServerNotUp, type ServerProcess, type ServerProcessOptions, spawnServer } from '@mail-proxy/testkit';
import { ADMIN_TOKEN, type Api, apiOf } from './api.ts';
import type { TriedDatabase } from './tried-database.ts';

/** Messages that an instance sends at a time: so many outcomes at most are not stored when it is killed. */
export const MAX_SENDS = 10;
/** Milliseconds after which the messages of an instance that says nothing are taken back. */
export const LEASE_MS = 6_000;

/** Starts in half the time of the sources; `pnpm torture` builds it first, and so does a test run. */
const BUILT = fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url));

/** One start of one instance, until its end. */
interface Life {
  /** What it calls itself to the relay. */
  readonly name: string;
  readonly server: ServerProcess;
  readonly api: Api;
}

/** Servers on one database, each of which can be killed and started again. */
export interface Fleet extends AsyncDisposable {
  readonly size: number;
  /** Those that should answer now. */
  living(): readonly Api[];
  /** End one with a signal and start it again. @returns how it ended, and after how many milliseconds */
  replace(index: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<{ code: number | null; tookMs: number }>;
  /** What the relay knows one by: `iINDEX-START.test`, another with each start. */
  nameOf(index: number): string;
  /** Send a signal to one. */
  signal(index: number, signal: NodeJS.Signals): void;
  /** Ends that nobody brought about. */
  readonly deaths: readonly string[];
}

/** A server that finds its database away ends with this. */
const EX_UNAVAILABLE = 69;
/** Milliseconds for which a database is away at most. */
const AWAY_MS = 60_000;

/** Start a server as a supervisor does: again, while its database is away. */
async function startSupervised(options: ServerProcessOptions): Promise<ServerProcess> {
  const until = performance.now() + AWAY_MS;
  for (;;) {
    try {
      return await spawnServer(options);
    } catch (error) {
      const isAway = error instanceof ServerNotUp && error.exitCode === EX_UNAVAILABLE;
      if (!isAway || performance.now() > until) throw error;
    }
  }
}

/** What one calls itself in its database, whichever start of it. */
export function instanceName(index: number): string {
  return `instance-${index}`;
}

export async function startFleet(database: TriedDatabase, size: number, retryMs: number): Promise<Fleet> {
  const config = database.file('config.json');
  writeFileSync(
    config,
    JSON.stringify({
      logLevel: 'warn',
      delivery: { leaseMs: LEASE_MS, maxSends: MAX_SENDS },
      // A call that a killed instance was making is made again by another once its time is over.
      reports: { timeoutMs: 5_000 },
      retry: { baseMs: retryMs, maxDelayMs: 10 * retryMs },
      outgoing: { allowPrivateNetworks: true },
    }),
  );
  const lives: (Life | null)[] = Array.from({ length: size }, () => null);
  const deaths: string[] = [];
  let starts = 0;
  const start = async (index: number): Promise<void> => {
    starts += 1;
    const name = `i${index}-${starts}.test`;
    const server = await startSupervised({
      entry: BUILT,
      isBuilt: true,
      env: {
        ...database.env,
        GMP_CONFIG_FILE: config,
        GMP_API_TOKEN: ADMIN_TOKEN,
        GMP_PORT: '0',
        GMP_EHLO_NAME: name,
        GMP_INSTANCE_NAME: instanceName(index),
      },
      stopTimeoutMs: 30_000,
    });
    const life = { name, server, api: apiOf(server.url) };
    lives[index] = life;
    void server.exited.then(({ code, signal }) => {
      if (lives[index] === life) deaths.push(`${name} ended (${signal ?? code}): ${server.stderr().slice(-500)}`);
    });
  };
  await Promise.all(lives.map((_, index) => start(index)));
  return {
    size,
    living: () => lives.flatMap((life) => (life === null ? [] : [life.api])),
    async replace(index, signal) {
      const life = lives[index];
      if (life === null || life === undefined) throw new Error(`instance ${index} does not run`);
      lives[index] = null;
      const begunAt = performance.now();
      life.server.kill(signal);
      const { code } = await life.server.exited;
      const tookMs = performance.now() - begunAt;
      await start(index);
      return { code, tookMs };
    },
    nameOf: (index) => lives[index]?.name ?? '',
    signal: (index, signal) => lives[index]?.server.kill(signal),
    deaths,
    async [Symbol.asyncDispose]() {
      await Promise.all(
        lives.splice(0).map(async (life) => {
          life?.server.kill('SIGCONT');
          await life?.server[Symbol.asyncDispose]();
        }),
      );
    },
  };
}
