// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type ServerProcess, spawnServer, tempDir } from '@mail-proxy/testkit';
import { epochMs } from '../load/epoch.ts';
import { HttpClient } from '../load/http-client.ts';
import { makeMail, makeMails } from '../load/mail.ts';
import { inPatience } from '../load/patience.ts';
import { usageFigures } from '../measures/usage-figures.ts';
import type { Row } from '../results/row.ts';
import { usageOf } from '../ways/mail-proxy.ts';
import { openCountingRelay } from '../world/relay.ts';
import { seedBacklog } from './seed-backlog.ts';

export interface BacklogRun {
  readonly row: string;
  /** Messages that are ready when the server starts. */
  readonly ready: number;
  /** How many of them are waited for. */
  readonly count: number;
  readonly connections: number;
  /** An empty database on a PostgreSQL server. @defaultValue embedded SQLite */
  readonly databaseUrl?: string;
}

/** The account of the backlog rests until it is resumed; that of the warm-up does not. */
const BACKLOG_ACCOUNT = 'backlog';
const WARM_UP_ACCOUNT = 'warm-up';
const WARM_UP = 1_000;
const TEMPLATE = 'template';
const PREFIX = 'mail';
/** The server stops in order, and that may take a while behind a large database. */
const STOP_MS = 60_000;

/** How long a start with a backlog takes, and how quickly the first messages of the backlog are delivered. */
export async function measureBacklog(run: BacklogRun): Promise<Row> {
  const { row, ready, count, connections, databaseUrl } = run;
  using folder = tempDir();
  await using relay = await openCountingRelay();
  const token = randomBytes(24).toString('hex');
  const key = randomBytes(32).toString('base64');
  const start = (): Promise<ServerProcess> =>
    spawnServer({
      env: {
        GMP_PORT: '0',
        GMP_DATA_DIR: folder.path,
        GMP_API_TOKEN: token,
        GMP_LOG_LEVEL: 'warn',
        ...(databaseUrl === undefined ? {} : { GMP_DATABASE_URL: databaseUrl, GMP_ENCRYPTION_KEY: key }),
      },
      stopTimeoutMs: STOP_MS,
    });
  await prepare(start, token, { host: relay.host, port: relay.port, max_connections: connections });
  await seedBacklog(databaseUrl ?? join(folder.path, 'mail-proxy.db'), {
    template: TEMPLATE,
    prefix: PREFIX,
    count: ready,
  });

  const spawnedAt = performance.now();
  await using server = await start();
  const start_seconds = (performance.now() - spawnedAt) / 1_000;
  using client = new HttpClient(server.url, token);
  await sendWarmUp(client);
  await relay.waitFor(WARM_UP);
  const before = await usageOf(client, server);
  const resumedAt = epochMs();
  await client.post(`/v1/accounts/${BACKLOG_ACCOUNT}/resume`);
  await inPatience(relay.waitFor(WARM_UP + count), row, count);
  // Those that were sent in the meantime are few.
  const after = await usageOf(client, server);
  const arrivals = [...(await relay.arrivals())].filter(([id]) => id.startsWith(`${PREFIX}-`)).slice(0, count);
  const { duplicates } = await relay.tally(PREFIX, ready, WARM_UP);
  const seconds = ((arrivals.at(-1)?.[1] ?? Number.NaN) - resumedAt) / 1_000;
  return {
    row,
    messages: count,
    missing: count - arrivals.length,
    duplicates,
    figures: {
      messages_per_second: arrivals.length / seconds,
      seconds,
      start_seconds,
      ...usageFigures([before, after], count),
    },
  };
}

/** Make the accounts, and the message that the backlog is made of; it is due long after the bench. */
async function prepare(start: () => Promise<ServerProcess>, token: string, relay: object): Promise<void> {
  await using server = await start();
  using client = new HttpClient(server.url, token);
  for (const id of [BACKLOG_ACCOUNT, WARM_UP_ACCOUNT]) await client.post('/v1/accounts', { id, ...relay });
  await client.post('/v1/messages', {
    ...makeMail(TEMPLATE, 1),
    account_id: BACKLOG_ACCOUNT,
    send_at: new Date(Date.now() + 86_400_000).toISOString(),
  });
}

async function sendWarmUp(client: HttpClient): Promise<void> {
  const messages = makeMails('warm-up', WARM_UP).map((mail) => ({ ...mail, account_id: WARM_UP_ACCOUNT }));
  await client.post('/v1/messages/batch', { messages });
}
