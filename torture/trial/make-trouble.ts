// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import type { BadNetwork } from '../world/bad-network.ts';
import type { Endpoint } from '../world/endpoint.ts';
import { type Fleet, instanceName, LEASE_MS } from '../world/fleet.ts';
import type { TriedDatabase } from '../world/tried-database.ts';
import type { Figures } from './figures.ts';
import type { Posting } from './post-mail.ts';
import type { Span, Trouble, TroubleKind } from './scenario.ts';

/** What troubles are made of. */
export interface TroubleWorld {
  readonly fleet: Fleet;
  readonly database: TriedDatabase;
  readonly network: BadNetwork;
  /** Null where nobody is told. */
  readonly endpoint: Endpoint | null;
  readonly posting: Pick<Posting, 'accepted'>;
  readonly figures: Figures;
  /** Those that went on after they had been taken for dead. */
  readonly woken: Woken[];
  /** How often each kind of trouble came so far. */
  readonly made: Map<TroubleKind, number>;
  /** On the monotonic clock: nothing more goes wrong from then on. */
  readonly until: number;
  /** Complain of what takes longer than it may. */
  readonly isTimed: boolean;
  /** In [0, 1). */
  readonly random: () => number;
}

/** An instance that stood still for longer than its lease. */
export interface Woken {
  /** What the relay knows it by. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Milliseconds in which a server that was told to stop has to have ended. */
const STOP_MS = 15_000;
/** Milliseconds in which mail is taken again once a database is back. */
const RECOVERY_MS = 10_000;
/** Milliseconds beyond the lease in which what an instance held is with others. */
const TAKEOVER_MS = 5_000;
/** Milliseconds after which it is of no use to wait for either. */
const PATIENCE_MS = 120_000;

/**
 * Make a trouble so many times, or as often as there is time for.
 * @returns what went otherwise than it must
 */
export async function makeTrouble(trouble: Trouble, times: number, world: TroubleWorld): Promise<readonly string[]> {
  const complaints: string[] = [];
  const { made, until } = world;
  for (let time = 0; time < times && performance.now() < until; time++) {
    await sleep(draw(trouble.everyMs, world.random));
    made.set(trouble.kind, (made.get(trouble.kind) ?? 0) + 1);
    complaints.push(...(await MAKERS[trouble.kind](world, draw(trouble.forMs ?? [0, 0], world.random))));
    if (OF_DATABASE.includes(trouble.kind)) complaints.push(...(await untilMailIsTaken(world)));
  }
  return complaints;
}

const OF_DATABASE: readonly TroubleKind[] = ['crash-database', 'cut-database', 'lose-database', 'lock-database'];

type Maker = (world: TroubleWorld, forMs: number) => Promise<readonly string[]>;

const MAKERS: Readonly<Record<TroubleKind, Maker>> = {
  async kill({ fleet, random }) {
    await fleet.replace(Math.floor(random() * fleet.size), 'SIGKILL');
    return [];
  },
  async stop({ fleet, random, isTimed }) {
    const { code, tookMs } = await fleet.replace(Math.floor(random() * fleet.size), 'SIGTERM');
    if (code !== 0) return [`a server that was told to stop ended with ${code}`];
    return isTimed && tookMs > STOP_MS ? [`a server took ${Math.round(tookMs)} ms to stop`] : [];
  },
  freeze,
  async 'crash-database'({ database }) {
    await database.server?.restart('immediate');
    return [];
  },
  async 'cut-database'({ database }) {
    database.proxy?.cutAll();
    return [];
  },
  async 'lose-database'({ database: { proxy } }, forMs) {
    if (proxy === null) return [];
    proxy.mode = 'swallow';
    await sleep(forMs);
    // What was swallowed never comes, on connections that are open still.
    proxy.cutAll();
    proxy.mode = 'pass';
    return [];
  },
  async 'lock-database'({ database }, forMs) {
    await using _lock = await database.lock();
    await sleep(forMs);
    return [];
  },
  async 'cut-relay'({ network }) {
    network.cutAll();
    return [];
  },
  'lose-endpoint': loseEndpoint,
};

/**
 * It stands still in the middle of its work. The others have its mail in time, and it sends nothing more of it when it
 * goes on: see close-books.ts.
 */
async function freeze(world: TroubleWorld, forMs: number): Promise<readonly string[]> {
  const { fleet, database, figures, woken, random, isTimed } = world;
  const index = Math.floor(random() * fleet.size);
  // By name: after the last time it may not have begun its new session yet.
  const held = async (): Promise<number> => {
    const [row] = await database.query<{ held: string }>(
      `select count(*) as held from messages
       where owner_session = (select max(number) from sessions where instance = $1)`,
      [instanceName(index)],
    );
    return Number(row?.held);
  };
  if ((await msUntil(async () => (await held()) > 0)) === null) return [`${instanceName(index)} has nothing to do`];
  const begunAt = performance.now();
  fleet.signal(index, 'SIGSTOP');
  const tookMs = await msUntil(async () => (await held()) === 0, 100);
  await sleep(Math.max(0, forMs - (performance.now() - begunAt)));
  woken.push({ name: fleet.nameOf(index), at: performance.timeOrigin + performance.now() });
  fleet.signal(index, 'SIGCONT');
  if (tookMs === null) return [`nobody took the mail of ${instanceName(index)}`];
  figures.atMost('ms until an instance is replaced', tookMs);
  return isTimed && tookMs > LEASE_MS + TAKEOVER_MS ? [`mail was taken over after ${Math.round(tookMs)} ms`] : [];
}

async function loseEndpoint({ fleet, endpoint, figures }: TroubleWorld, forMs: number): Promise<readonly string[]> {
  const api = fleet.living()[0];
  if (endpoint === null || api === undefined) return ['there is no endpoint'];
  // the answer to tenants.reporting
  const reporting = async () =>
    (await api.get('/v1/tenants/default/reporting')) as { readonly waiting: number; readonly acked_seq: number };
  endpoint.isAway = true;
  const callsBefore = endpoint.calls;
  await sleep(forMs);
  figures.atMost('calls while the endpoint is away', endpoint.calls - callsBefore);
  const { waiting, acked_seq: told } = await reporting();
  endpoint.isAway = false;
  const untilTold = async (seq: number): Promise<number | null> =>
    msUntil(async () => (await reporting()).acked_seq >= seq);
  // The pause between its calls is not part of it.
  if ((await untilTold(told + 1)) === null) return ['nothing is told though the endpoint is back'];
  const tookMs = await untilTold(told + waiting);
  if (tookMs === null) return ['not all is told though the endpoint is back'];
  figures.atMost('events told a second afterwards', waiting / Math.max(0.001, tookMs / 1_000));
  return [];
}

async function untilMailIsTaken({ posting, figures, isTimed }: TroubleWorld): Promise<readonly string[]> {
  const before = posting.accepted.length;
  const tookMs = await msUntil(() => posting.accepted.length > before);
  if (tookMs === null) return ['no mail is taken though the database is back'];
  figures.atMost('ms until mail is taken again', tookMs);
  return isTimed && tookMs > RECOVERY_MS ? [`mail was taken again after ${Math.round(tookMs)} ms`] : [];
}

/** Milliseconds until it is so; null when it never is. */
async function msUntil(isSo: () => boolean | Promise<boolean>, pollMs = 10): Promise<number | null> {
  const begunAt = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begunAt > PATIENCE_MS) return null;
    await sleep(pollMs);
  }
  return performance.now() - begunAt;
}

function draw([least, most]: Span, random: () => number): number {
  return least + random() * (most - least);
}
