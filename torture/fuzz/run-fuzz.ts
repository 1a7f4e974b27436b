// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  describeHostile,
  endsTheWorld,
  fillForHostile,
  type HostileRequest,
  hostileRequests,
  type ServerProcess,
  sendHostile,
  spawnCountingSink,
  spawnServer,
} from '@mail-proxy/testkit';
import type { DatabaseKind } from '../crash-matrix/cells.ts';
import { ADMIN_TOKEN } from '../world/api.ts';
import { openTriedDatabase } from '../world/tried-database.ts';
import { paceOf } from './pace.ts';

export interface FuzzOptions {
  readonly database: DatabaseKind;
  readonly count: number;
  readonly seed: number;
}

export interface FuzzResult {
  readonly database: DatabaseKind;
  readonly requests: number;
  /** Answered with success. */
  readonly taken: number;
  /** Answered with 4xx. */
  readonly refused: number;
  readonly longestStallMs: number;
  readonly seconds: number;
  /** What should not be: answers of 5xx or of a wrong form, stalls, deaths, errors in the log. */
  readonly wrong: readonly string[];
}

const AT_A_TIME = 8;
/** Requests between two looks at the event loop. */
const BETWEEN_LOOKS = 64;
/** Requests between two lines that say how far it is. */
const EACH = 5_000;
/** Milliseconds for which nothing may keep the event loop. */
const MAX_STALL_MS = 100;

/** Send hostile requests to every operation of a server that delivers meanwhile. */
export async function runFuzz({ database: kind, count, seed }: FuzzOptions): Promise<FuzzResult> {
  const begunAt = performance.now();
  await using sink = await spawnCountingSink();
  await using database = await openTriedDatabase(kind);
  await using server = await spawnServer({
    env: {
      ...database.env,
      GMP_API_TOKEN: ADMIN_TOKEN,
      GMP_PORT: '0',
      GMP_LOG_LEVEL: 'warn',
      GMP_ATTACHMENT_ROOTS: '/srv/mail/{tenant}',
    },
  });
  const world = await fillForHostile(server.url, ADMIN_TOKEN, sink.port);
  const requests = hostileRequests({ ...world, seed });
  const wrong: string[] = [];
  const tally = { taken: 0, refused: 0, longestStallMs: 0 };
  const send = async (request: HostileRequest): Promise<void> => {
    const { status, fault } = await sendHostile(server.url, request);
    if (fault !== null) wrong.push(`${fault}\n    ${describeHostile(request)}`);
    else if (status < 400) tally.taken += 1;
    else tally.refused += 1;
  };
  await paceOf(server.url);
  for (let left = count; left > 0; left -= BETWEEN_LOOKS) {
    if (left < count && left % EACH < BETWEEN_LOOKS) process.stderr.write(`  ${left} to go\n`);
    const some = nextOf(requests, Math.min(left, BETWEEN_LOOKS));
    for (let at = 0; at < some.length; at += AT_A_TIME) await Promise.all(some.slice(at, at + AT_A_TIME).map(send));
    if ((await paceOf(server.url)).stallMs <= MAX_STALL_MS) continue;
    tally.longestStallMs = Math.max(tally.longestStallMs, await blameOne(server, some, wrong));
  }
  wrong.push(...troublesOf(server));
  return { database: kind, requests: count, ...tally, seconds: (performance.now() - begunAt) / 1_000, wrong };
}

/** The next ones that leave the world as it is. */
function nextOf(requests: Generator<HostileRequest, never>, count: number): readonly HostileRequest[] {
  const next: HostileRequest[] = [];
  while (next.length < count) {
    const { value } = requests.next();
    if (!endsTheWorld(value)) next.push(value);
  }
  return next;
}

/**
 * Send them one by one, three times where one seems slow. What others took of the machine is not held against it: who
 * keeps the event loop has used a processor for as long.
 */
async function blameOne({ url }: ServerProcess, requests: readonly HostileRequest[], wrong: string[]): Promise<number> {
  let longest = 0;
  for (const request of requests) {
    const stalls: number[] = [];
    while (stalls.length < 3 && (stalls.at(-1) ?? Number.POSITIVE_INFINITY) > MAX_STALL_MS) {
      const before = await paceOf(url);
      await sendHostile(url, request);
      const { stallMs, cpuMs } = await paceOf(url);
      stalls.push(Math.min(stallMs, cpuMs - before.cpuMs));
    }
    const stall = Math.min(...stalls);
    longest = Math.max(longest, stall);
    if (stall > MAX_STALL_MS)
      wrong.push(`the event loop stood for ${stall.toFixed(0)} ms\n    ${describeHostile(request)}`);
  }
  return longest;
}

/** Errors that the server logged: it answers for none that is the client's. */
function troublesOf(server: ServerProcess): readonly string[] {
  const lines = `${server.stdout()}\n${server.stderr()}`.split('\n');
  const errors = lines.filter((line) => line.includes('"level":"error"') || /unhandled|uncaught/i.test(line));
  return [...new Set(errors.map((line) => `logged ${line.slice(0, 1_500)}`))].slice(0, 50);
}
