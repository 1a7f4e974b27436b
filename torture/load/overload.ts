// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import { openClient, statusCounts } from './client.ts';
import type { Load } from './load.ts';
import { mail, openLoadWorld } from './load-world.ts';
import { peakWhile, quantile, rssOf } from './process-figures.ts';

const CLIENTS = 3_000;
const TEXT = 'Some words more.\n'.repeat(500);

/** Load shedding. */
export const overload: Load = {
  name: 'overload',
  about:
    'three times as many clients as requests are taken, each at once again: 503 or 429 with Retry-After, all accepted sent',
  async run({ seconds, count }) {
    await using world = await openLoadWorld();
    const keys = await Promise.all(['a', 'b', 'c', 'd'].map((id) => world.addTenant(id)));
    const clients = count ?? CLIENTS;
    const agents = keys.map((key) => openClient(world.server.url, Math.ceil(clients / keys.length), key));
    const before = rssOf(world.server.pid);
    const until = performance.now() + seconds * 1_000;
    let posted = 0;
    const statuses: number[] = [];
    const took: Record<'accepted' | 'refused', number[]> = { accepted: [], refused: [] };
    let withoutRetryAfter = 0;
    const work = async (n: number): Promise<void> => {
      const agent = agents[n % agents.length];
      while (performance.now() < until) {
        posted += 1;
        const id = `load-${posted}`;
        const { status, retryAfter, tookMs } = (await agent?.call('POST', '/v1/messages', mail(id, TEXT))) ?? failed;
        statuses.push(status);
        took[status === 202 ? 'accepted' : 'refused'].push(tookMs);
        if (status === 202) continue;
        if (status !== 0 && retryAfter === null) withoutRetryAfter += 1;
        await sleep(100);
      }
    };
    const { peak } = await peakWhile(world.server.pid, Promise.all(Array.from({ length: clients }, (_, n) => work(n))));
    for (const agent of agents) agent[Symbol.dispose]();
    const counts = statusCounts(statuses);
    const taken = counts['status_202'] ?? 0;
    await world.sink.waitFor(taken, { timeoutMs: 600_000 });
    const { answered: messages } = await world.sink.counts();
    const wrong: string[] = [];
    const odd = Object.keys(counts).filter((name) => !['status_202', 'status_429', 'status_503', 'cut'].includes(name));
    if (odd.length > 0) wrong.push(`answered ${odd.join(', ')}`);
    if (withoutRetryAfter > 0) wrong.push(`${withoutRetryAfter} refusals say no time to come again`);
    // Of a connection that was cut, nobody knows whether its message was taken.
    if (messages < taken || messages > taken + (counts['cut'] ?? 0)) wrong.push(`${taken} accepted, ${messages} sent`);
    return {
      figures: {
        clients,
        ...counts,
        accepted_p50_ms: quantile(took.accepted, 0.5),
        accepted_p99_ms: quantile(took.accepted, 0.99),
        refused_p50_ms: quantile(took.refused, 0.5),
        refused_p99_ms: quantile(took.refused, 0.99),
        rss_before_mib: before,
        rss_peak_mib: peak,
      },
      wrong,
    };
  },
};

const failed = { status: 0, retryAfter: null, tookMs: 0 };
