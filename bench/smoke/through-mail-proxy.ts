// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import {
  type CountingSinkProcess,
  type ReportReceiver,
  spawnServer,
  startReportReceiver,
  tempDir,
} from '@mail-proxy/testkit';
import { countArrivals, epochMs } from './arrivals.ts';
import { type BenchMail, makeMails } from './mail.ts';
import { perMessage, readAllMetrics } from './metrics.ts';
import type { Row } from './row.ts';

const BATCH = 100;

/** Messages whose end is not reported after this, in milliseconds, count as missing if they never arrived. */
const PATIENCE_MS = 120_000;

/** One row: how many messages, and what is done with those whose end nobody knows. */
export interface ProxyRun {
  readonly count: number;
  readonly warmUp: number;
  /** Under `hold` each message waits for the commit of its mark before MAIL. */
  readonly onInDoubt: 'retry' | 'hold';
  /** Of a PostgreSQL server. @defaultValue embedded SQLite */
  readonly databaseUrl?: string;
  /** How many servers share that PostgreSQL, each fed by a client of its own. @defaultValue 1 */
  readonly instances?: number;
  /** Of the account, to the sink. @defaultValue what an account has by default */
  readonly connections?: number;
}

/**
 * Measure the whole way: HTTP in, stored durably, sent over SMTP, outcome stored, report pushed. One client
 * posts one batch after the other to each server. A server is a process of its own, run from the sources, with default
 * settings.
 */
export async function measureMailProxy(
  sink: CountingSinkProcess,
  { count, warmUp, onInDoubt, databaseUrl, instances = 1, connections }: ProxyRun,
): Promise<Row> {
  const store = databaseUrl === undefined ? 'SQLite' : 'PostgreSQL';
  const encryptionKey = randomBytes(32).toString('base64');
  const token = randomBytes(24).toString('hex');
  using folder = tempDir();
  await using receiver = await startReportReceiver();
  await using servers = new AsyncDisposableStack();
  const urls: string[] = [];
  for (let started = 0; started < instances; started++) {
    const server = await spawnServer({
      env: {
        GMP_PORT: '0',
        GMP_DATA_DIR: folder.path,
        GMP_API_TOKEN: token,
        GMP_LOG_LEVEL: 'warn',
        ...(databaseUrl === undefined ? {} : { GMP_DATABASE_URL: databaseUrl, GMP_ENCRYPTION_KEY: encryptionKey }),
        // The receiver of the reports is on this machine.
        GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS: 'true',
      },
    });
    urls.push(servers.use(server).url);
  }
  const operator = { url: firstOf(urls), token };
  const apiKey = await createTenant(operator, receiver.url);
  const tenants = urls.map((url) => ({ url, token: apiKey }));
  await post(firstOf(tenants), '/v1/accounts', {
    id: 'sink',
    host: sink.host,
    port: sink.port,
    ...(connections === undefined ? {} : { max_connections: connections }),
  });
  const makeMarked = (prefix: string, size: number): readonly SubmittedMail[] =>
    makeMails(`${prefix}-${instances}-${onInDoubt}-${store}`, size).map((mail) => ({
      ...mail,
      on_in_doubt: onInDoubt,
    }));
  await send(tenants, makeMarked('warm-up', warmUp), receiver);

  const mails = makeMarked('mail-proxy', count);
  const before = await readAllMetrics(urls, token);
  const startAt = epochMs();
  const { acceptedAt, reportedAt } = await send(tenants, mails, receiver);
  const after = await readAllMetrics(urls, token);

  const { missing, duplicates, lastAt } = await countArrivals(sink, mails);
  const seconds = (lastAt - startAt) / 1_000;
  const cpuSeconds = perMessage('process_cpu_seconds_total', [before, after], count);
  return {
    row: `${instances === 1 ? 'mail-proxy' : `${instances} mail-proxies`}, ${onInDoubt}, ${store}`,
    messages: count,
    missing,
    duplicates,
    seconds,
    messages_per_second: (count - missing) / seconds,
    seconds_to_last_accept: (acceptedAt - startAt) / 1_000,
    seconds_to_last_report: (reportedAt - startAt) / 1_000,
    cpu_ms_per_message: cpuSeconds === null ? null : cpuSeconds * 1_000,
    commits_per_message: perMessage('gmp_database_commits_total', [before, after], count),
    units_per_message: perMessage('gmp_database_units_total', [before, after], count),
  };
}

type SubmittedMail = BenchMail & { readonly on_in_doubt: ProxyRun['onInDoubt'] };

/** Who calls which server. */
interface Caller {
  readonly url: string;
  readonly token: string;
}

async function createTenant(operator: Caller, client_base_url: string): Promise<string> {
  const answer = await post(operator, '/v1/tenants', { id: 'bench', client_base_url });
  // the answer to tenants.create
  return (answer as { readonly api_key: string }).api_key;
}

/** Submit in batches, at once to all servers, then wait until the end of every mail was reported. */
async function send(tenants: readonly Caller[], mails: readonly SubmittedMail[], receiver: ReportReceiver) {
  const waiting = new Set(mails.map(({ id }) => id));
  const allReported = receiver
    .waitForReports(
      (report) => {
        if (report['deferred_ts'] === undefined) waiting.delete(String(report['id']));
        return waiting.size === 0;
      },
      { timeoutMs: PATIENCE_MS },
    )
    .catch((error: unknown) => console.error(String(error)));
  let next = 0;
  await Promise.all(
    tenants.map(async (tenant) => {
      while (next < mails.length) {
        const messages = mails.slice(next, next + BATCH);
        next += BATCH;
        await post(tenant, '/v1/messages/batch', { messages });
      }
    }),
  );
  const acceptedAt = epochMs();
  await allReported;
  return { acceptedAt, reportedAt: epochMs() };
}

function firstOf<T>([first]: readonly T[]): T {
  if (first === undefined) throw new Error('there is no server');
  return first;
}

async function post({ url, token }: Caller, path: string, body: object): Promise<unknown> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${path} was answered ${response.status}: ${await response.text()}`);
  return response.json();
}
