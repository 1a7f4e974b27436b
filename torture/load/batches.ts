// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import { type CountingSinkProcess, spawnCountingSink } from '@mail-proxy/testkit';
import { type Client, openClient } from './client.ts';
import type { Load } from './load.ts';
import { mail, openLoadWorld } from './load-world.ts';
import { peakWhile, quantile, rssOf } from './process-figures.ts';

const MESSAGES = 100_000;
const IN_A_CALL = 1_000;
const AT_ONCE = 8;
/** Another tenant's mail is with the relay by then. */
const SERVED_MS = 2_000;
const MAX_RSS_MIB = 512;
/** All are sent by then. */
const PATIENCE_MS = 600_000;
const LOOK_MS = 250;

/** Target 24. */
export const batches: Load = {
  name: 'batches',
  about:
    '100,000 messages of one tenant in one call and in many at once: all answered, and another is served meanwhile',
  async run({ count }) {
    const messages = count ?? MESSAGES;
    await using world = await openLoadWorld();
    await using ownRelay = await spawnCountingSink();
    const keys = [await world.addTenant('large'), await world.addTenant('small', ownRelay.port)];
    using large = openClient(world.server.url, AT_ONCE, keys[0]);
    using small = openClient(world.server.url, 1, keys[1]);
    const before = rssOf(world.server.pid);
    const all = Array.from({ length: messages }, (_, n) => mail(`large-${n + 1}`));
    const one = await large.call('POST', '/v1/messages/batch', { messages: all });
    let isOver = false;
    const others = keepPosting(small, ownRelay, () => isOver);
    const begunAt = performance.now();
    const { peak, done } = await peakWhile(world.server.pid, postAll(large, all));
    const acceptedAt = performance.now();
    const stall = await world.metric('gmp_event_loop_delay_seconds{quantile="1"}');
    let tally = await world.sink.tally('large', messages);
    for (; tally.missing > 0 && performance.now() - acceptedAt < PATIENCE_MS; await sleep(LOOK_MS)) {
      tally = await world.sink.tally('large', messages);
    }
    const sentAt = performance.now();
    isOver = true;
    const latencies = await others;
    const wrong: string[] = [];
    if (![413, 422].includes(one.status)) wrong.push(`one call with all of them was answered ${one.status}`);
    if (done.accepted !== messages) wrong.push(`${done.accepted} of ${messages} were accepted`);
    if (tally.missing > 0 || tally.duplicates > 0) wrong.push(`${tally.missing} missing, ${tally.duplicates} twice`);
    if (quantile(latencies, 1) > SERVED_MS)
      wrong.push(`another tenant waited ${Math.round(quantile(latencies, 1))} ms`);
    if (peak > MAX_RSS_MIB) wrong.push(`${Math.round(peak)} MiB of memory`);
    return {
      figures: {
        messages,
        one_call_status: one.status,
        calls: done.calls,
        refused_calls: done.refused,
        accept_seconds: (acceptedAt - begunAt) / 1_000,
        sent_seconds: (sentAt - begunAt) / 1_000,
        others: latencies.length,
        others_p50_ms: quantile(latencies, 0.5),
        others_p99_ms: quantile(latencies, 0.99),
        others_most_ms: quantile(latencies, 1),
        event_loop_most_ms: stall * 1_000,
        rss_before_mib: before,
        rss_peak_mib: peak,
      },
      wrong,
    };
  },
};

async function postAll(client: Client, all: readonly object[]) {
  const left = Array.from({ length: Math.ceil(all.length / IN_A_CALL) }, (_, n) =>
    all.slice(n * IN_A_CALL, (n + 1) * IN_A_CALL),
  );
  const sum = { calls: 0, refused: 0, accepted: 0 };
  const work = async (): Promise<void> => {
    for (let messages = left.pop(); messages !== undefined; messages = left.pop()) {
      const { status, text, retryAfter } = await client.call('POST', '/v1/messages/batch', { messages });
      sum.calls += 1;
      if (status === 202) {
        // the answer to messages.create-batch
        sum.accepted += (JSON.parse(text) as { readonly accepted: number }).accepted;
      } else {
        sum.refused += 1;
        left.push(messages);
        await sleep((retryAfter ?? 1) * 1_000);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return sum;
}

/** Post a message now and then, each once the one before is with the relay. @returns how long each took, milliseconds */
async function keepPosting(
  client: Client,
  relay: CountingSinkProcess,
  isOver: () => boolean,
): Promise<readonly number[]> {
  const latencies: number[] = [];
  while (!isOver()) {
    const id = `small-${latencies.length + 1}`;
    const begunAt = performance.now();
    await client.call('POST', '/v1/messages', { ...mail(id) });
    await relay.waitFor(latencies.length + 1);
    latencies.push(performance.now() - begunAt);
    await sleep(100);
  }
  return latencies;
}
