// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { tempDir } from '@mail-proxy/testkit';
import { Redis } from 'ioredis';
import { freePort, untilListening } from './ports.ts';

/** When Redis waits for the disk: before each answer, or once a second. */
export type RedisFsync = 'always' | 'everysec';

export interface BenchRedis extends AsyncDisposable {
  readonly url: string;
  /** Forget everything. */
  clear(): Promise<void>;
}

/** Where redis-server is, null where it is not on PATH. */
export function findRedis(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'redis-server')).find((path) => existsSync(path)) ?? null;
}

/** Start a Redis of our own that keeps a log of what it is told. */
export async function startRedis(program: string, fsync: RedisFsync): Promise<BenchRedis> {
  const folder = tempDir();
  const port = await freePort();
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: folder.path,
    appendonly: 'yes',
    appendfsync: fsync,
    save: '',
    // As BullMQ demands.
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(program, args, { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    folder[Symbol.dispose]();
  };
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  await untilListening(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    async clear() {
      const client = new Redis(port, '127.0.0.1');
      await client.flushall();
      client.disconnect();
    },
    async [Symbol.asyncDispose]() {
      process.off('exit', killNow);
      await stop();
    },
  };
}
