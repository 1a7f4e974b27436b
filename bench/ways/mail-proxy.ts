// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ServerProcess, spawnServer, tempDir } from '@mail-proxy/testkit';
import { HttpClient } from '../load/http-client.ts';
import { accountId, type BenchMail } from '../load/mail.ts';
import { startReportCounter } from '../load/report-counter.ts';
import type { Relay } from '../world/relay.ts';
import { memoryOf } from './memory-of.ts';
import { readMetrics } from './metrics.ts';
import type { QueueSender, QueueWay, Usage } from './way.ts';

export interface MailProxyOptions {
  /** Under `hold` each message waits for the commit of its mark before MAIL. @defaultValue retry */
  readonly onInDoubt?: 'retry' | 'hold';
  /** Make an empty database on a PostgreSQL server. @defaultValue embedded SQLite */
  readonly openDatabase?: () => Promise<AsyncDisposable & { readonly url: string }>;
  /** How many servers share that database. @defaultValue 1 */
  readonly instances?: number;
  /** How many accounts there are, named as by `accountId`. @defaultValue one, the default of all mail */
  readonly accounts?: number;
  /** Of the account, beside how to reach the relay. */
  readonly account?: Readonly<Record<string, unknown>>;
  /** More settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** @defaultValue made of the others */
  readonly row?: string;
}

/** What the operator and a tenant of all servers know. */
interface Installation {
  readonly relay: Relay;
  readonly options: MailProxyOptions;
  readonly operators: readonly HttpClient[];
  readonly tenants: readonly HttpClient[];
  readonly servers: readonly ServerProcess[];
}

/** Calls at once that make accounts. */
const ACCOUNT_CALLS = 20;

/** mail-proxy as a process of its own, as it is built, with default settings. */
export function mailProxy(options: MailProxyOptions = {}): QueueWay {
  return {
    row: options.row ?? rowOf(options),
    async open(relay, { connections }) {
      const resources = new AsyncDisposableStack();
      const reports = resources.use(await startReportCounter());
      const { operators, servers } = await startServers(options, resources);
      const apiKey = await createTenant(firstOf(operators), reports.url);
      const tenants = servers.map(({ url }) => resources.use(new HttpClient(url, apiKey)));
      const installation = { relay, options, operators, tenants, servers };
      await createAccounts(installation, connections);
      return {
        ...senderOf(installation),
        expect: reports.expect,
        [Symbol.asyncDispose]: () => resources.disposeAsync(),
      };
    },
  };
}

function rowOf({ onInDoubt = 'retry', openDatabase, instances = 1 }: MailProxyOptions): string {
  const store = openDatabase === undefined ? 'SQLite' : 'PostgreSQL';
  return `${instances === 1 ? 'mail-proxy' : `${instances} mail-proxies`}, ${onInDoubt}, ${store}`;
}

/** What users run: from the sources it takes 50 MiB more. */
const BUILT_SERVER = fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url));

async function startServers(
  { openDatabase, instances = 1, env = {} }: MailProxyOptions,
  resources: AsyncDisposableStack,
) {
  const folder = resources.use(tempDir());
  const token = randomBytes(24).toString('hex');
  const database = await openDatabase?.();
  if (database !== undefined) resources.use(database);
  const onDatabase =
    database === undefined
      ? {}
      : { GMP_DATABASE_URL: database.url, GMP_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  const servers: ServerProcess[] = [];
  for (let started = 0; started < instances; started++) {
    const server = await spawnServer({
      entry: BUILT_SERVER,
      isBuilt: true,
      env: {
        // As in the image.
        MALLOC_ARENA_MAX: '2',
        GMP_PORT: '0',
        GMP_DATA_DIR: folder.path,
        GMP_API_TOKEN: token,
        GMP_LOG_LEVEL: 'warn',
        // The receiver of the reports is on this machine.
        GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS: 'true',
        ...profiling(),
        ...onDatabase,
        ...env,
      },
    });
    servers.push(resources.use(server));
  }
  const operators = servers.map(({ url }) => resources.use(new HttpClient(url, token)));
  return { servers, operators };
}

/** With GMP_BENCH_PROFILE each server writes CPU profiles of its threads to that folder when it ends. */
function profiling(): Readonly<Record<string, string>> {
  const folder = process.env['GMP_BENCH_PROFILE'] ?? '';
  return folder === '' ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${resolve(folder)}` };
}

async function createTenant(operator: HttpClient, client_base_url: string): Promise<string> {
  const answer = await operator.post('/v1/tenants', { id: 'bench', client_base_url });
  // the answer to tenants.create
  return (answer as { readonly api_key: string }).api_key;
}

async function createAccounts({ relay, tenants, options }: Installation, connections: number): Promise<void> {
  const { host, port, login } = relay;
  const credentials =
    login === undefined ? {} : { user: login.user, password: login.pass, tls: 'implicit', tls_insecure: true };
  const account = { host, port, max_connections: connections, ...credentials, ...options.account };
  const count = options.accounts ?? 1;
  const numbers = Array.from({ length: count }, (_, number) => number).values();
  const createNext = async (): Promise<void> => {
    for (const number of numbers) {
      await firstOf(tenants).post('/v1/accounts', { id: accountId(number), ...account });
    }
  };
  await Promise.all(Array.from({ length: Math.min(ACCOUNT_CALLS, count) }, createNext));
}

function senderOf(installation: Installation): Omit<QueueSender, typeof Symbol.asyncDispose> {
  const { operators, tenants, servers, options } = installation;
  const operator = firstOf(operators);
  let turn = 0;
  return {
    isInProcess: false,
    pids: servers.map(({ pid }) => pid),
    async submit(mails) {
      const tenant = tenants[turn++ % tenants.length] ?? firstOf(tenants);
      const messages = mails.map((mail) => submittedMail(mail, options));
      const [only, ...others] = messages;
      if (only !== undefined && others.length === 0) await tenant.post('/v1/messages', only);
      else await tenant.post('/v1/messages/batch', { messages });
    },
    pause: async () => void (await operator.post('/v1/instance/pause')),
    resume: async () => void (await operator.post('/v1/instance/resume')),
    queued: async () => (await readMetrics(operator)).get('gmp_pending_messages') ?? Number.NaN,
    usage: async () => sumOf(await Promise.all(operators.map((each, index) => usageOf(each, servers[index])))),
  };
}

function submittedMail({ file, account, ...mail }: BenchMail, { onInDoubt = 'retry' }: MailProxyOptions): object {
  return {
    ...mail,
    on_in_doubt: onInDoubt,
    ...(account === undefined ? {} : { account_id: account }),
    ...(file === undefined
      ? {}
      : { attachments: [{ filename: file.filename, storage_path: `base64:${file.base64}` }] }),
  };
}

/** What a server took so far. @param server for its memory */
export async function usageOf(operator: HttpClient, server: ServerProcess | undefined): Promise<Usage> {
  const metrics = await readMetrics(operator);
  const delay = metrics.get('gmp_event_loop_delay_seconds{quantile="0.999"}');
  const { peak } = server === undefined ? { peak: null } : memoryOf(server.pid);
  return {
    cpuMs: (metrics.get('process_cpu_seconds_total') ?? Number.NaN) * 1_000,
    commits: metrics.get('gmp_database_commits_total') ?? null,
    units: metrics.get('gmp_database_units_total') ?? null,
    eventLoopP999Ms: delay === undefined ? null : delay * 1_000,
    rssPeakMib: peak,
  };
}

/** Of all servers together; of their event loops the one that was latest. */
function sumOf([first, ...others]: readonly Usage[]): Usage {
  if (first === undefined) throw new Error('there is no server');
  const both = (one: number | null, other: number | null, join: (one: number, other: number) => number) =>
    one === null || other === null ? null : join(one, other);
  const add = (one: number, other: number): number => one + other;
  return others.reduce(
    (sum, one) => ({
      cpuMs: sum.cpuMs + one.cpuMs,
      commits: both(sum.commits, one.commits, add),
      units: both(sum.units, one.units, add),
      eventLoopP999Ms: both(sum.eventLoopP999Ms, one.eventLoopP999Ms, Math.max),
      rssPeakMib: both(sum.rssPeakMib, one.rssPeakMib, add),
    }),
    first,
  );
}

function firstOf<T>([first]: readonly T[]): T {
  if (first === undefined) throw new Error('there is no server');
  return first;
}
