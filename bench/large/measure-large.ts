// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { spawnServer, tempDir } from '@mail-proxy/testkit';
import { HttpClient } from '../load/http-client.ts';
import { inPatience } from '../load/patience.ts';
import type { Row } from '../results/row.ts';
import { memoryOf } from '../ways/memory-of.ts';
import { readMetrics } from '../ways/metrics.ts';
import { startFileServer } from './file-server.ts';
import { startGatedSink } from './gated-sink.ts';

export interface LargeRun {
  readonly row: string;
  readonly count: number;
  readonly sizeBytes: number;
  /** Of a PostgreSQL server. @defaultValue embedded SQLite */
  readonly databaseUrl?: string;
}

const mail = { from: 'bench@example.com', to: 'someone@example.org', subject: 'A file', text: 'See the file.' };

/** Fetch an attachment for each message and send it; the relay reads on only when all messages are under way. */
export async function measureLarge({ row, count, sizeBytes, databaseUrl }: LargeRun): Promise<Row> {
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
  using client = new HttpClient(server.url, token);
  // One connection more: one is kept for immediate messages.
  await client.post('/v1/accounts', {
    id: 'gate',
    host: '127.0.0.1',
    port: sink.port,
    tls: 'none',
    max_connections: count + 1,
  });
  // A relay that nothing was delivered to yet gets few messages at a time.
  await client.post('/v1/messages', { ...mail, id: 'first' });
  await sink.proven;
  const before = await readMetrics(client);
  const atRest = memoryOf(server.pid).rss;
  const startAt = performance.now();
  const messages = Array.from({ length: count }, (_, index) => ({
    ...mail,
    id: `large-${index}`,
    attachments: [{ filename: 'file.bin', storage_path: `${files.url}/${index}` }],
  }));
  await client.post('/v1/messages/batch', { messages });
  await inPatience(sink.all, row, count);
  const seconds = (performance.now() - startAt) / 1_000;
  const after = await readMetrics(client);
  const perMessage = (name: string): number => ((after.get(name) ?? Number.NaN) - (before.get(name) ?? 0)) / count;
  // As base64 lines it is larger by more than a third; what is smaller was cut.
  const whole = sink.received.filter((bytes) => bytes > (sizeBytes * 4) / 3).length;
  const delay = after.get('gmp_event_loop_delay_seconds{quantile="0.999"}');
  return {
    row,
    messages: count,
    missing: count - whole,
    duplicates: 0,
    figures: {
      seconds,
      cpu_ms_per_message: perMessage('process_cpu_seconds_total') * 1_000,
      commits_per_message: perMessage('gmp_database_commits_total'),
      event_loop_p999_ms: delay === undefined ? null : delay * 1_000,
      rss_at_rest_mib: atRest,
      rss_peak_mib: memoryOf(server.pid).peak,
    },
  };
}
