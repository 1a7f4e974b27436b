// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { portOf } from './loopback.ts';
import { copyPostgresTree, findPostgresBinaries } from './postgres-binaries.ts';

/** A PostgreSQL server of the test's own. */
export interface TestPostgres extends AsyncDisposable {
  /** Of its database `postgres`, as superuser, no password. */
  readonly url: string;
  /** `18.4` */
  readonly version: string;
  /**
   * Stop it and start it again on the same port with the same data.
   * @param how - `fast` shuts down in order; `immediate` drops everything, as a crash of the server does. What was
   * committed survives both (not a crash of the machine, unless it is durable).
   */
  restart(how: 'fast' | 'immediate'): Promise<void>;
  /** Stop it and delete its data. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /**
   * Wait for the disk, as PostgreSQL does by default: for figures that are to mean something.
   * @defaultValue false
   */
  readonly durable?: boolean;
}

interface Installation {
  readonly bin: string;
  /** What is copied lies in here. */
  readonly home: string;
  /** Where its databases are. */
  readonly data: string;
  /** User, folder and environment for its processes. */
  readonly spawnOptions: SpawnOptions;
  readonly durable: boolean;
}

const execute = promisify(execFile);

/** Between asking for a free port and PostgreSQL taking it, somebody else may have it. */
const PORT_TRIES = 5;

/**
 * The file system in memory, on Linux. A database is 300 files, and ext4 gives the place of a deleted one to nobody for
 * five seconds but looks at all of them for each new one: making and dropping databases in turn took a processor half a
 * second each.
 */
const MEMORY = '/dev/shm';
/** More than a run needs; in a container there may be 64 MB. */
const MEMORY_NEEDED_BYTES = 2 ** 30;

/** More than all test files open together. */
const MAX_CONNECTIONS = 300;

/**
 * Start a real PostgreSQL on a free port of 127.0.0.1: no container, no service, no root needed. Takes 1 to 4 s.
 *
 * As root it runs as `postgres` or, failing that, `nobody`, because PostgreSQL refuses root; a tree that this user
 * cannot enter is copied to the temporary folder. A user without an entry in the passwd file cannot run it.
 *
 * @throws Error with the reason, the output of PostgreSQL included
 */
export async function startPostgres({ durable = false }: PostgresOptions = {}): Promise<TestPostgres> {
  const home = mkdtempSync(join(tmpdir(), 'mail-proxy-pg-'));
  const data = mkdtempSync(join(durable || !hasMemory() ? home : MEMORY, 'mail-proxy-pg-'));
  let server: ChildProcess | undefined;
  const abandon = (): void => {
    server?.kill('SIGQUIT');
    for (const folder of [data, home]) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  process.once('exit', abandon);
  try {
    const installation = { ...(await install({ home, data })), durable };
    await initialise(installation);
    const first = await startOnFreePort(installation);
    server = first.child;
    const { port, version } = first;
    const stop = async (): Promise<void> => {
      if (server) await shutDown(server, 'fast');
      process.off('exit', abandon);
      abandon();
    };
    return {
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
      version,
      async restart(how) {
        if (server) await shutDown(server, how);
        server = (await start(installation, port)).child;
      },
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    process.off('exit', abandon);
    abandon();
    throw error;
  }
}

function hasMemory(): boolean {
  if (!existsSync(MEMORY)) return false;
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= MEMORY_NEEDED_BYTES;
}

/** Find binaries that the user who shall run them can run. */
async function install({ home, data }: Pick<Installation, 'home' | 'data'>): Promise<Omit<Installation, 'durable'>> {
  const user = await unprivilegedUser();
  if (user) for (const folder of [home, data]) chownSync(folder, user.uid, user.gid);
  const spawnOptions: SpawnOptions = { ...user, cwd: home, env: { ...process.env, LC_ALL: 'C' } };
  const found = findPostgresBinaries();
  let { bin } = found;
  const runs = await run(join(bin, 'initdb'), ['--version'], spawnOptions).then(
    () => true,
    () => false,
  );
  if (!runs && found.relocatable) bin = await copyPostgresTree(bin, join(home, 'pg'));
  return { bin, home, data, spawnOptions };
}

/** PostgreSQL refuses to run as root; anyone else runs it as oneself. */
async function unprivilegedUser(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all([execute('id', ['-u', name]), execute('id', ['-g', name])]).catch(() => undefined);
    if (ids) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) };
  }
  throw new Error('PostgreSQL refuses to run as root, and there is no user postgres or nobody');
}

async function initialise({ bin, data, spawnOptions }: Installation): Promise<void> {
  const args = ['-D', data, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await run(join(bin, 'initdb'), args, spawnOptions);
}

async function startOnFreePort(installation: Installation): Promise<Started & { readonly port: number }> {
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    try {
      return { ...(await start(installation, port)), port };
    } catch (error) {
      const taken = error instanceof Error && /could not bind|Address already in use/i.test(error.message);
      if (!taken || tries === PORT_TRIES) throw error;
    }
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly version: string;
}

/** Start the server itself, not pg_ctl: its log is ours, and it ends when it is told to. */
async function start({ bin, data, spawnOptions, durable }: Installation, port: number): Promise<Started> {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    // Fast, and still true to what a crash of the server does: commits are written before they are answered
    // (synchronous_commit stays on), only the disk is not waited for.
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', max_wal_size: '256MB' }),
    max_connections: MAX_CONNECTIONS,
    timezone: 'UTC',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(bin, 'postgres'), ['-D', data, ...flags], {
    ...spawnOptions,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (log.length < 20_000) log += text; // the start is what is asked for, not every failing statement of a test
      if (log.includes('ready to accept connections')) resolve();
    });
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`postgres ended with ${code}\n${log}`)));
  });
  return { child, version: /starting PostgreSQL (\S+)/.exec(log)?.[1] ?? 'unknown' };
}

/** @see https://www.postgresql.org/docs/current/server-shutdown.html for the signals */
async function shutDown(child: ChildProcess, how: 'fast' | 'immediate'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
  await gone;
}

async function run(program: string, args: readonly string[], options: SpawnOptions): Promise<void> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with ${code}\n${output}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}
