// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnCountingSink } from '@mail-proxy/testkit';
import type { DatabaseKind } from '../crash-matrix/cells.ts';
import type { Api } from '../world/api.ts';
import { startBadNetwork } from '../world/bad-network.ts';
import { type Endpoint, openEndpoint } from '../world/endpoint.ts';
import { type Fleet, LEASE_MS, startFleet } from '../world/fleet.ts';
import { openTriedDatabase } from '../world/tried-database.ts';
import { checkMetrics } from './check-metrics.ts';
import { type Books, closeBooks, isEnd } from './close-books.ts';
import { Figures } from './figures.ts';
import { makeTrouble, type TroubleWorld, type Woken } from './make-trouble.ts';
import { type Posting, postMail } from './post-mail.ts';
import type { Scenario, TroubleKind } from './scenario.ts';
import { type Extent, messagesOf, timesOf } from './size.ts';
import { tellStuck } from './tell-stuck.ts';

export interface TrialOptions extends Extent {
  /** Minutes for which mail is posted and things go wrong at most. */
  readonly minutes: number;
  /** In [0, 1); what it gives for a seed decides when and where things go wrong. */
  readonly random: () => number;
}

export interface TrialResult extends Books {
  readonly scenario: string;
  readonly database: DatabaseKind;
  /** Troubles there were. */
  readonly troubles: number;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** Milliseconds between the attempts of a message, at first. */
const RETRY_MS = 100;
/** Milliseconds in which something moves, once nothing goes wrong any more, as long as anything is left. */
const MOVING_MS = LEASE_MS + 30_000;
const MINUTE_MS = 60_000;
const POLL_MS = 100;

/** Let things go wrong while mail is on its way, wait until all is still, and close the books. */
export async function runTrial({
  scenario,
  database: kind,
  size,
  minutes,
  random,
}: TrialOptions): Promise<TrialResult> {
  const begunAt = performance.now();
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(await spawnCountingSink());
  const network = stack.use(await startBadNetwork(sink.port, scenario.network ?? {}, random));
  const database = stack.use(await openTriedDatabase(kind, { isDurable: size === 'long' }));
  const { failingReports } = scenario;
  const endpoint = failingReports === null ? null : stack.use(await openEndpoint(failingReports, random));
  const fleet = stack.use(await startFleet(database, scenario.instances, RETRY_MS));
  await setUp(fleet, scenario, { port: network.port, endpoint });

  const posting: Posting = { accepted: [], complaints: [] };
  const figures = new Figures();
  const woken: Woken[] = [];
  const made = new Map<TroubleKind, number>();
  const until = performance.now() + minutes * MINUTE_MS;
  // A test run has no time to lose, and no quiet machine.
  const isTimed = size !== 'brief';
  const world = { fleet, database, network, endpoint, posting, figures, woken, made, until, isTimed, random };
  const trouble = makeTroubles({ scenario, database: kind, size }, world);
  const arrived = async (): Promise<number> => (await sink.counts()).transactions;
  await postMail({ fleet, figures, random, arrived }, scenario, {
    count: messagesOf(scenario, size),
    until,
    trouble,
    posting,
  });
  const complaints = await trouble;
  const api = fleet.living()[0];
  if (api === undefined) throw new Error('no server lives');
  const stillAt = performance.now();
  const late = await untilStill(api, scenario, { endpoint, accepted: posting.accepted, fleet });
  figures.atMost('ms until all is still', performance.now() - stillAt);
  const books = await closeBooks(api, scenario, {
    accepted: posting.accepted,
    atRelay: await sink.messages(),
    reports: endpoint?.reports ?? null,
    troubles: made,
    woken,
    figures,
  });
  const disagreeing = await checkMetrics(fleet, scenario, books);
  return {
    scenario: scenario.name,
    database: kind,
    troubles: [...made.values()].reduce((sum, each) => sum + each, 0),
    seconds: (performance.now() - begunAt) / 1_000,
    figures: figures.toJSON(),
    ...books,
    wrong: [...books.wrong, ...posting.complaints, ...complaints, ...fleet.deaths, ...late, ...disagreeing],
  };
}

interface Outside {
  readonly port: number;
  readonly endpoint: Endpoint | null;
}

async function setUp(fleet: Fleet, { perMinute }: Scenario, { port, endpoint }: Outside): Promise<void> {
  const api = fleet.living()[0];
  if (api === undefined) throw new Error('no server lives');
  const limit = perMinute === null ? {} : { limit_per_minute: perMinute };
  await api.post('/v1/accounts', { id: 'main', host: '127.0.0.1', port, tls: 'none', ...limit });
  if (endpoint === null) return;
  await api.patch('/v1/tenants/default', { client_base_url: endpoint.url, client_sync_path: '/reports' });
}

/** Each kind of trouble comes beside the others. */
async function makeTroubles(extent: Extent, world: TroubleWorld): Promise<readonly string[]> {
  const { troubles } = extent.scenario;
  const complaints = await Promise.all(
    troubles.map((trouble) => makeTrouble(trouble, timesOf(extent, trouble), world)),
  );
  return complaints.flat();
}

/** What is to come to an end, and where. */
interface Expected {
  readonly endpoint: Endpoint | null;
  readonly accepted: readonly string[];
  readonly fleet: Fleet;
}

/** Wait until nothing is left to send or to tell. @returns what is not so in the end */
async function untilStill(
  api: Api,
  scenario: Scenario,
  { endpoint, accepted, fleet }: Expected,
): Promise<readonly string[]> {
  const patienceMs = MOVING_MS + (scenario.perMinute === null ? 0 : MINUTE_MS);
  let last = '';
  let movedAt = performance.now();
  for (;;) {
    const moving = await movingOf(api, scenario);
    let untold = endpoint === null ? 0 : await untoldOf(api);
    // Events that have no number yet are not among them.
    if (moving === 0 && untold === 0 && endpoint !== null) untold = unheardOf(endpoint, accepted);
    if (moving === 0 && untold === 0) return [];
    const left = `${moving} messages and ${untold} reports`;
    if (left !== last) movedAt = performance.now();
    last = left;
    if (performance.now() - movedAt > patienceMs) {
      return [`${left} have not moved for ${patienceMs / 1_000} s`, ...(await tellStuck(fleet.living()))];
    }
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

/** Messages of whose end nobody was told; all ends are ends by sending here. */
function unheardOf({ reports }: Endpoint, accepted: readonly string[]): number {
  const heard = new Set(reports.filter(isEnd).map(({ id }) => id));
  return accepted.filter((id) => !heard.has(id)).length;
}

async function untoldOf(api: Api): Promise<number> {
  // the answer to tenants.reporting
  return ((await api.get('/v1/tenants/default/reporting')) as { readonly waiting: number }).waiting;
}
