// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import { type ReportReceiver, spawnCountingSink, startReportReceiver } from '@mail-proxy/testkit';
import type { DatabaseKind } from '../crash-matrix/cells.ts';
import type { Api } from '../world/api.ts';
import { startBadNetwork } from '../world/bad-network.ts';
import { type Fleet, startFleet } from '../world/fleet.ts';
import { openTriedDatabase } from '../world/tried-database.ts';
import { type Books, closeBooks } from './close-books.ts';
import { makeTrouble, type TroubleWorld } from './make-trouble.ts';
import { postMail } from './post-mail.ts';
import type { Scenario } from './scenario.ts';

export interface TrialOptions {
  readonly scenario: Scenario;
  readonly database: DatabaseKind;
  readonly isLong: boolean;
  /** In [0, 1); what it gives for a seed decides when and where things go wrong. */
  readonly random: () => number;
}

export interface TrialResult extends Books {
  readonly scenario: string;
  readonly database: DatabaseKind;
  /** Troubles there were. */
  readonly troubles: number;
  readonly seconds: number;
}

/** Milliseconds between the attempts of a message, at first. */
const RETRY_MS = 100;
/** Milliseconds in which all has to be still once nothing goes wrong any more: a lease and what is left to send. */
const STILL_MS = 120_000;
const POLL_MS = 100;

/** Let things go wrong while mail is on its way, wait until all is still, and close the books. */
export async function runTrial({ scenario, database: kind, isLong, random }: TrialOptions): Promise<TrialResult> {
  const begunAt = performance.now();
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(await spawnCountingSink());
  const network = stack.use(await startBadNetwork(sink.port, scenario.network ?? {}, random));
  const database = stack.use(await openTriedDatabase(kind, { isDurable: isLong }));
  const receiver = scenario.failingReports === null ? null : stack.use(await openReceiver(scenario, random));
  const fleet = stack.use(await startFleet(database, scenario.instances, RETRY_MS));
  await setUp(fleet, network.port, receiver);

  const count = isLong ? scenario.messages.long : scenario.messages.short;
  const factor = isLong ? scenario.longTimes : 1;
  const world = { fleet, database, network, random };
  const trouble = makeTroubles(scenario, factor, world);
  const accepted = await postMail(fleet, scenario.policy, count, trouble);
  const complaints = await trouble;
  const api = fleet.living()[0];
  if (api === undefined) throw new Error('no server lives');
  const late = await untilStill(api, scenario, receiver);
  const times = Object.fromEntries(scenario.troubles.map((each) => [each.kind, each.times * factor]));
  const books = await closeBooks(api, scenario, {
    accepted,
    atRelay: await sink.messages(),
    reports: receiver?.reports ?? null,
    troubles: times,
  });
  return {
    scenario: scenario.name,
    database: kind,
    troubles: Object.values(times).reduce((sum, each) => sum + each, 0),
    seconds: (performance.now() - begunAt) / 1_000,
    ...books,
    wrong: [...books.wrong, ...complaints, ...fleet.deaths, ...late],
  };
}

function openReceiver({ failingReports }: Scenario, random: () => number): Promise<ReportReceiver> {
  return startReportReceiver({
    answer: () => (random() < (failingReports ?? 0) ? { status: 500 } : {}),
  });
}

async function setUp(fleet: Fleet, port: number, receiver: ReportReceiver | null): Promise<void> {
  const api = fleet.living()[0];
  if (api === undefined) throw new Error('no server lives');
  await api.post('/v1/accounts', { id: 'main', host: '127.0.0.1', port, tls: 'none' });
  if (receiver === null) return;
  await api.patch('/v1/tenants/default', { client_base_url: receiver.url, client_sync_path: '/reports' });
}

async function makeTroubles(scenario: Scenario, factor: number, world: TroubleWorld): Promise<readonly string[]> {
  const complaints: string[] = [];
  for (const trouble of scenario.troubles) {
    complaints.push(...(await makeTrouble(trouble, trouble.times * factor, world)));
  }
  return complaints;
}

/** Wait until no message moves and all is told. @returns what is not so in the end */
async function untilStill(api: Api, scenario: Scenario, receiver: ReportReceiver | null): Promise<readonly string[]> {
  const until = performance.now() + STILL_MS;
  for (;;) {
    const moving = await movingOf(api, scenario);
    const untold = receiver === null ? 0 : await untoldOf(api);
    if (moving === 0 && untold === 0) return [];
    if (performance.now() > until) return [`after ${STILL_MS / 1_000} s ${moving} messages and ${untold} reports wait`];
    await sleep(POLL_MS);
  }
}

/** Messages that wait for anything but a decision. */
async function movingOf(api: Api, { allowed }: Scenario): Promise<number> {
  const { waiting } = (await api.get('/v1/instance')) as { readonly waiting: number };
  if (waiting === 0 || !allowed.inDoubt) return waiting;
  const inDoubt = (await api.get('/v1/messages?state=in_doubt&include=count&limit=1')) as { readonly count: number };
  return waiting - inDoubt.count;
}

async function untoldOf(api: Api): Promise<number> {
  // the answer to tenants.reporting
  return ((await api.get('/v1/tenants/default/reporting')) as { readonly waiting: number }).waiting;
}
