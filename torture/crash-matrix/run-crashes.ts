// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createTestCertificate,
  eventually,
  type PeerTls,
  type ReportAnswer,
  type ReportReceiver,
  type ServerProcess,
  spawnServer,
  startReportReceiver,
} from '@mail-proxy/testkit';
import { ADMIN_TOKEN, type Api, apiOf } from '../world/api.ts';
import type { TriedDatabase } from '../world/tried-database.ts';
import {
  type Cell,
  type Fault,
  isPossible,
  type Outcome,
  POLICIES,
  type Policy,
  STEPS,
  type Step,
  type Told,
} from './cells.ts';
import { type FullPort, startFullPort } from './full-port.ts';
import { type HeldRelay, LAST_LINE, startHeldRelay } from './held-relay.ts';
import { relayStepOf } from './relay-step.ts';

/** Milliseconds: a session that is dead is known to be so after this. */
const LEASE_MS = 3_000;
/** For everything that is waited for here, on a machine that has more to do. */
const PATIENCE = { timeoutMs: 90_000 };
/** More than the buffers of a connection hold, so that the client is still writing when it is killed in the body. */
const LARGE_TEXT = `${'All work and no play makes a long mail. '.repeat(25)}\n`.repeat(4_500);

/** One message on its way to one step. */
interface Trial {
  readonly step: Step;
  readonly policy: Policy;
  /** Of the message; also of its tenant and its account, which are its own. */
  readonly id: string;
  readonly relay: HeldRelay;
  readonly fullPort: FullPort | null;
  readonly receiver: GatedReceiver | null;
}

/** An endpoint that at first is away, or keeps its caller waiting. */
interface GatedReceiver extends AsyncDisposable {
  readonly receiver: ReportReceiver;
  /** Resolves when the first call has come in whole. */
  readonly called: Promise<void>;
  /** Answer the call that waits, and all to come. */
  release(answer: ReportAnswer): void;
}

export interface CrashOptions {
  readonly database: TriedDatabase;
  readonly fault: Fault;
}

/**
 * Bring a message to each step of its delivery under each policy, all at the same time; break what is to be broken once
 * all are there; then wait until nothing moves any more.
 */
export async function runCrashes({ database, fault }: CrashOptions): Promise<readonly Cell[]> {
  await using stack = new AsyncDisposableStack();
  const tls = createTestCertificate();
  const trials: Trial[] = [];
  for (const step of stepsOf(fault)) {
    for (const policy of POLICIES) trials.push(await prepareTrial({ step, policy, fault, tls, stack }));
  }
  const world = { database, trials, tls };
  const first = await startServer(database);
  stack.defer(() => first[Symbol.asyncDispose]());
  const api = apiOf(first.url);
  await submit(api, trials, tls);
  await Promise.all(trials.map((trial) => untilThere(api, trial)));
  const last = fault === 'kill' ? await killAll(first, world, stack) : await cutAll(api, world);
  return await collect(last, trials, fault, database.kind);
}

function stepsOf(fault: Fault): readonly Step[] {
  // The keys of an object literal are these.
  return (Object.keys(STEPS) as Step[]).filter((step) => isPossible(step, fault));
}

interface World {
  readonly database: TriedDatabase;
  readonly trials: readonly Trial[];
}

interface TrialPlan extends Pick<Trial, 'step' | 'policy'> {
  readonly fault: Fault;
  readonly tls: PeerTls;
  readonly stack: AsyncDisposableStack;
}

async function prepareTrial({ step, policy, fault, tls, stack }: TrialPlan): Promise<Trial> {
  const relay = stack.use(await startHeldRelay(relayStepOf(step), tls));
  const fullPort = step === 'claimed' ? stack.use(await startFullPort(relay.port)) : null;
  const isTold = step === 'stored-not-told' || step === 'told-not-marked';
  const receiver = isTold ? stack.use(await startGatedReceiver()) : null;
  return { step, policy, id: `${step}-${policy}-${fault}`, relay, fullPort, receiver };
}

async function startGatedReceiver(): Promise<GatedReceiver> {
  const called = Promise.withResolvers<void>();
  const released = Promise.withResolvers<ReportAnswer>();
  let isReleased = false;
  const receiver = await startReportReceiver({
    async answer(_, __, { reports }) {
      if (isReleased) return {};
      if (reports.length > 0) called.resolve();
      return released.promise;
    },
  });
  return {
    receiver,
    called: called.promise,
    release(answer) {
      isReleased = true;
      released.resolve(answer);
    },
    async [Symbol.asyncDispose]() {
      released.resolve({ destroy: true });
      await receiver[Symbol.asyncDispose]();
    },
  };
}

const CONFIG = {
  logLevel: 'warn',
  delivery: { leaseMs: LEASE_MS, maxSends: 100 },
  retry: { baseMs: 50, maxDelayMs: 500 },
  outgoing: { allowPrivateNetworks: true },
};

function startServer(database: TriedDatabase): Promise<ServerProcess> {
  const config = database.file('config.json');
  writeFileSync(config, JSON.stringify(CONFIG));
  return spawnServer({
    env: {
      ...database.env,
      GMP_API_TOKEN: ADMIN_TOKEN,
      GMP_PORT: '0',
      GMP_CONFIG_FILE: config,
    },
  });
}

/** Each message has a tenant and an account of its own, so that none waits behind another. */
async function submit(api: Api, trials: readonly Trial[], tls: PeerTls): Promise<void> {
  for (const { step, policy, id, relay, fullPort, receiver } of trials) {
    const url = receiver === null ? {} : { client_base_url: receiver.receiver.url, client_sync_path: '/reports' };
    await api.post('/v1/tenants', { id, ...url });
    await api.post('/v1/accounts', {
      tenant_id: id,
      id,
      host: '127.0.0.1',
      port: fullPort?.port ?? relay.port,
      user: 'someone',
      password: 'a password',
      tls: 'starttls',
      tls_ca: tls.cert,
      tls_servername: 'localhost',
    });
    if (step === 'accepted') await api.post(`/v1/tenants/${id}/suspend`);
    await api.post('/v1/messages', {
      tenant_id: id,
      id,
      from: 'sender@example.com',
      to: 'recipient@example.org',
      subject: id,
      text: `${step === 'body' ? LARGE_TEXT : 'A line of text.\n'}${LAST_LINE}\n`,
      on_in_doubt: policy,
    });
  }
}

/** Wait until the message is where it is to be when something breaks. */
async function untilThere(api: Api, { step, id, relay, receiver }: Trial): Promise<void> {
  if (step === 'accepted') return;
  if (step === 'claimed') await untilState(api, id, 'leased');
  else if (receiver !== null) await receiver.called;
  else await relay.reached;
}

async function untilState(api: Api, id: string, ...states: readonly string[]): Promise<void> {
  await eventually(async () => states.includes((await messageOf(api, id)).state), PATIENCE);
}

/**
 * What is answered just before the end reaches the server while it can store nothing: the others wait where they are.
 * @returns a server that was started afterwards
 */
async function killAll(server: ServerProcess, { database, trials }: World, stack: AsyncDisposableStack): Promise<Api> {
  {
    await using _lock = await database.lock();
    for (const { step, relay } of trials) {
      if (step !== 'taken-not-stored') continue;
      relay.release('go-on');
      await relay.acknowledged;
    }
    for (const { step, receiver } of trials) if (step === 'told-not-marked') receiver?.release({});
    // What was said is on its way to a server that lives; it has nothing to say in return.
    await sleep(300);
    server.kill('SIGKILL');
    await server.exited;
  }
  for (const { relay, receiver } of trials) {
    relay.release('cut');
    receiver?.release({ destroy: true });
  }
  for (const { fullPort } of trials) fullPort?.open();
  const next = stack.use(await startServer(database));
  const api = apiOf(next.url);
  for (const { step, id } of trials) if (step === 'accepted') await api.post(`/v1/tenants/${id}/activate`);
  return api;
}

/** The connection on which each message waits is cut; the server lives on. */
async function cutAll(api: Api, { database, trials }: World): Promise<Api> {
  for (const { step, relay, receiver } of trials) {
    if (step === 'taken-not-stored' || step === 'told-not-marked') continue;
    relay.release('cut');
    receiver?.release({ destroy: true });
  }
  const { proxy } = database;
  // Of a file there is no connection: the outcome is stored late, and the answer to the report is lost.
  const lock = proxy === null ? await database.lock() : null;
  if (proxy !== null) proxy.mode = 'cut';
  for (const { step, relay, receiver } of trials) {
    if (step === 'taken-not-stored') {
      relay.release('go-on');
      await relay.acknowledged;
    }
    if (step === 'told-not-marked') receiver?.release(proxy === null ? { destroy: true } : {});
  }
  await sleep(300);
  await lock?.[Symbol.asyncDispose]();
  if (proxy !== null) proxy.mode = 'pass';
  return api;
}

interface ShownMessage {
  readonly state: string;
  readonly result: string | null;
}

async function messageOf(api: Api, id: string): Promise<ShownMessage> {
  // the answer to messages.get
  return (await api.get(`/v1/messages/${id}?tenant_id=${id}`)) as ShownMessage;
}

function collect(
  api: Api,
  trials: readonly Trial[],
  fault: Fault,
  database: Cell['database'],
): Promise<readonly Cell[]> {
  return Promise.all(
    trials.map(async (trial) => {
      const { step, policy } = trial;
      return { step, fault, policy, database, outcome: await outcomeOf(api, trial) };
    }),
  );
}

async function outcomeOf(api: Api, { id, relay, receiver }: Trial): Promise<Outcome> {
  await eventually(async () => ['final', 'in_doubt'].includes((await messageOf(api, id)).state), PATIENCE);
  const { state, result } = await messageOf(api, id);
  // the answer to messages.events
  const { items } = (await api.get(`/v1/messages/${id}/events?tenant_id=${id}`)) as {
    readonly items: readonly { readonly possible_duplicate: boolean }[];
  };
  const told = receiver === null ? null : await toldOf(api, id, receiver.receiver);
  return {
    end: result ?? state,
    copies: relay.copies.length,
    isMarked: items.some((event) => event.possible_duplicate),
    told: told === null ? null : toldBy(told),
  };
}

function toldBy(ids: readonly unknown[]): Told {
  if (new Set(ids).size > 1) return 'renamed';
  if (ids.length === 0) return 'never';
  return ids.length === 1 ? 'once' : 'again';
}

/** The ids under which the tenant was told of the end, once it has nothing more to be told. */
async function toldOf(api: Api, id: string, receiver: ReportReceiver): Promise<readonly unknown[]> {
  await eventually(async () => {
    // the answer to tenants.reporting
    const { waiting } = (await api.get(`/v1/tenants/${id}/reporting`)) as { readonly waiting: number };
    return waiting === 0;
  }, PATIENCE);
  return receiver.reports.filter((report) => report['sent_ts'] !== undefined).map((report) => report['event_id']);
}
