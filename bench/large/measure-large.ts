// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { spawnServer, tempDir } from '@mail-proxy/testkit';
import { perMessage, readAllMetrics } from '../smoke/metrics.ts';
import { startFileServer } from './file-server.ts';
import { startGatedSink } from './gated-sink.ts';

export interface LargeRun {
  readonly count: number;
  readonly sizeBytes: number;
  readonly store: string;
  /** Of a PostgreSQL server. @defaultValue embedded SQLite */
  readonly databaseUrl?: string;
}

export interface LargeRow {
  readonly row: string;
  readonly messages: number;
  readonly mib_each: number;
  readonly missing: number;
  readonly seconds: number;
  /** Of the server process, in MiB: before the first message, and the most that it ever had. */
  readonly rss_at_rest: number;
  readonly rss_peak: number;
  readonly cpu_ms_per_message: number | null;
  readonly commits_per_message: number | null;
}

const mail = { from: 'bench@example.com', to: 'someone@example.org', subject: 'A file', text: 'See the file.' };

/** Messages that do not arrive in this time, in milliseconds, are missing. */
const PATIENCE_MS = 600_000;

/** Fetch an attachment for each message and send it; the relay reads on only when all messages are under way. */
export async function measureLarge({ count, sizeBytes, store, databaseUrl }: LargeRun): Promise<LargeRow> {
  const token = randomBytes(24).toString('hex');
  using folder = tempDir();
  await using files = await startFileServer(sizeBytes);
  await using sink = await startGatedSink(count);
  await using server = await spawnServer({
    env: {
      GMP_PORT: '0',
      GMP_DATA_DIR: folder.path,
      GMP_API_TOKEN: token,
      GMP_LOG_LEVEL: 'warn',
      // A relay where nothing ends, as here, gets a fifth of them.
      GMP_MAX_SENDS: String(5 * (count + 2)),
      GMP_ATTACHMENT_TIMEOUT: '300',
      GMP_ATTACHMENT_MESSAGE_TIMEOUT: '600',
      // The files are on this machine.
      GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS: 'true',
      ...(databaseUrl === undefined
        ? {}
        : { GMP_DATABASE_URL: databaseUrl, GMP_ENCRYPTION_KEY: randomBytes(32).toString('base64') }),
    },
  });
  const post = async (path: string, body: object): Promise<void> => {
    const response = await fetch(server.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path} was answered ${response.status}: ${await response.text()}`);
  };
  // One connection more: one is kept for immediate messages.
  await post('/v1/accounts', {
    id: 'gate',
    host: '127.0.0.1',
    port: sink.port,
    tls: 'none',
    max_connections: count + 1,
  });
  // A relay that nothing was delivered to yet gets few messages at a time.
  await post('/v1/messages', { ...mail, id: 'first' });
  await sink.proven;
  const before = await readAllMetrics([server.url], token);
  const atRest = memoryOf(server.pid).rss;
  const startAt = performance.now();
  const messages = Array.from({ length: count }, (_, index) => ({
    ...mail,
    id: `large-${index}`,
    attachments: [{ filename: 'file.bin', storage_path: `${files.url}/${index}` }],
  }));
  await post('/v1/messages/batch', { messages });
  await Promise.race([sink.all, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref())]);
  const seconds = (performance.now() - startAt) / 1_000;
  const after = await readAllMetrics([server.url], token);
  const cpuSeconds = perMessage('process_cpu_seconds_total', [before, after], count);
  // As base64 lines it is larger by more than a third; what is smaller was cut.
  const whole = sink.received.filter((bytes) => bytes > (sizeBytes * 4) / 3).length;
  return {
    row: store,
    messages: count,
    mib_each: sizeBytes / 1_048_576,
    missing: count - whole,
    seconds,
    rss_at_rest: atRest,
    rss_peak: memoryOf(server.pid).peak,
    cpu_ms_per_message: cpuSeconds === null ? null : cpuSeconds * 1_000,
    commits_per_message: perMessage('gmp_database_commits_total', [before, after], count),
  };
}

/** Resident memory of a process in MiB, as Linux tells it. */
function memoryOf(pid: number): { readonly rss: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1_024;
  return { rss: read('VmRSS'), peak: read('VmHWM') };
}
