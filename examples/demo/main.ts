// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// 1,000 messages through a real server, by nothing but its HTTP API: npx -y pnpm@12 demo
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { type Caller, createAccount, createTenant, getMessage, listEvents, listMessages, submit } from './api.ts';
import { findProblems, type Outcome } from './check.ts';
import { type PlannedMessage, planMessages } from './messages.ts';
import { showProgress } from './progress.ts';
import { type ProxyProcess, startProxy } from './proxy-process.ts';
import { type Relay, startRelay } from './relay.ts';
import { type ReportReceiver, startReportReceiver } from './report-receiver.ts';
import { printProblems, printSummary, printTimeline } from './summary.ts';

const MESSAGES = 1_000;
const BATCH = 100;

/** All must be delivered and reported by then, or the demo says what is missing. */
const PATIENCE_MS = 40_000;

/** The demo ends by then, come what may; stopping the server takes 5 s more at most. */
const LIMIT_MS = 55_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const interrupted = new AbortController();
  // once: a second Ctrl-C ends the process at once
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupted.abort(new Error(`stopped by ${name}`)));
  }
  try {
    return (await run(AbortSignal.any([interrupted.signal, AbortSignal.timeout(LIMIT_MS)]))) ? 0 : 1;
  } catch (error) {
    console.error(pc.red(`\n${error instanceof Error ? error.message : error}`));
    return interrupted.signal.aborted ? 130 : 1;
  }
}

/** Gives whether every message came to the end that was planned for it. */
async function run(limit: AbortSignal): Promise<boolean> {
  const token = randomBytes(24).toString('hex');
  await using folder = await temporaryFolder();
  await using relay = await startRelay();
  await using receiver = await startReportReceiver();
  await using proxy = await startProxy(
    {
      GMP_PORT: '0',
      GMP_DATA_DIR: folder.path,
      GMP_API_TOKEN: token,
      // a minute in production; the demo has no time
      GMP_RETRY_BASE_MS: '300',
      // reports go to this process; only public addresses are called otherwise
      GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS: 'true',
    },
    limit,
  );
  console.log(`Relay at port ${relay.port}, reports to ${receiver.url}, mail-proxy at ${proxy.url}\n`);

  const signal = AbortSignal.any([limit, endOf(proxy)]);
  const tenant = await setUp({ url: proxy.url, token, signal }, relay, receiver);
  const planned = planMessages(MESSAGES);
  const { accepted, seconds } = await sendAll(planned, { tenant, relay, receiver });

  const outcome = await collect(tenant, relay, receiver);
  printSummary(outcome, accepted, seconds);
  await showRetried(tenant, outcome);

  const problems = findProblems(planned, outcome);
  if (problems.length > 0) printProblems(problems);
  else console.log(pc.green(`\nEach of the ${MESSAGES} messages came to its expected end, exactly once.`));
  return problems.length === 0;
}

/** The operator creates a tenant; from then on the tenant's own key does everything. */
async function setUp(operator: Caller, relay: Relay, receiver: ReportReceiver): Promise<Caller> {
  const { api_key } = await createTenant(operator, {
    id: 'demo-shop',
    name: 'Demo Shop',
    client_base_url: receiver.url,
  });
  const tenant = { ...operator, token: api_key };
  await createAccount(tenant, { id: 'relay', host: '127.0.0.1', port: relay.port });
  return tenant;
}

interface Parties {
  readonly tenant: Caller;
  readonly relay: Relay;
  readonly receiver: ReportReceiver;
}

/** Submit everything and wait until the end of every message was reported, or patience is over. */
async function sendAll(planned: readonly PlannedMessage[], { tenant, relay, receiver }: Parties) {
  const start = performance.now();
  let accepted = 0;
  using _progress = showProgress(planned.length, () => ({
    submitted: accepted,
    delivered: relay.messages.length,
    reported: receiver.ended.size,
  }));
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const signal = AbortSignal.any([tenant.signal, patience]);
  try {
    for (let at = 0; at < planned.length; at += BATCH) {
      const batch = planned.slice(at, at + BATCH).map(({ message }) => message);
      accepted += (await submit({ ...tenant, signal }, batch)).accepted;
    }
    await receiver.waitForEnds(planned.length, signal);
  } catch (error) {
    // what is missing then is found by the comparison
    if (!patience.aborted) throw error;
  }
  return { accepted, seconds: (performance.now() - start) / 1_000 };
}

/** Ask all three parties what became of the messages. */
async function collect(tenant: Caller, relay: Relay, receiver: ReportReceiver): Promise<Outcome> {
  const messages = await listMessages(tenant);
  const failed = messages.filter(({ result }) => result === 'failed');
  const details = await Promise.all(failed.map(({ id }) => getMessage(tenant, id)));
  return {
    messages,
    failures: new Map(details.map(({ id, recipients }) => [id, recipients])),
    relayed: relay.messages,
    reports: receiver.reports(),
  };
}

async function showRetried(tenant: Caller, { messages }: Outcome): Promise<void> {
  const retried = messages.find(({ attempts }) => attempts > 1);
  if (retried === undefined) return;
  const [message, events] = await Promise.all([getMessage(tenant, retried.id), listEvents(tenant, retried.id)]);
  printTimeline(message, events);
}

/** A signal that aborts when the server is gone. */
function endOf(proxy: ProxyProcess): AbortSignal {
  const controller = new AbortController();
  void proxy.gone.then((reason) => controller.abort(new Error(reason)));
  return controller.signal;
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'mail-proxy-demo-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
