// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { setTimeout as sleep } from 'node:timers/promises';
import { openClient } from './client.ts';
import type { Load } from './load.ts';
import { mail, openLoadWorld } from './load-world.ts';
import { openFilesOf, rssOf } from './process-figures.ts';

/** Messages a second: about half of what a server of two cores sends beside its relay and its client. */
const RATE = 400;
const BATCH = 20;
const LOOK_MS = 5_000;
/** Of the time, before memory is looked at. */
const WARM_UP = 0.3;

/** Target 27. */
export const soak: Load = {
  name: 'soak',
  about: 'half of the load for as long as --seconds says: memory and open files level out, no promise fails unseen',
  async run({ seconds, count }) {
    // What is done with is removed, so that the database does not grow for ever.
    await using world = await openLoadWorld();
    const { server, sink } = world;
    const key = await world.addTenant('acme');
    using client = openClient(server.url, 4, key);
    const begunAt = performance.now();
    const looks: { readonly at: number; readonly rss: number; readonly files: number }[] = [];
    const rate = count ?? RATE;
    let accepted = 0;
    let refused = 0;
    for (let n = 0; performance.now() - begunAt < seconds * 1_000; n++) {
      const due = begunAt + (n * BATCH * 1_000) / rate;
      await sleep(Math.max(0, due - performance.now()));
      const messages = Array.from({ length: BATCH }, (_, each) => mail(`soak-${n * BATCH + each + 1}`));
      const { status } = await client.call('POST', '/v1/messages/batch', { messages });
      if (status === 202) accepted += BATCH;
      else refused += 1;
      const at = performance.now() - begunAt;
      if (at - (looks.at(-1)?.at ?? Number.NEGATIVE_INFINITY) < LOOK_MS) continue;
      looks.push({ at, rss: rssOf(server.pid), files: openFilesOf(server.pid) });
    }
    await sink.waitFor(accepted, { timeoutMs: 120_000 });
    const { answered: messages } = await sink.counts();
    const warm = looks.filter(({ at }) => at > seconds * 1_000 * WARM_UP);
    const unseen = server.stderr().split('nobody waited for what failed here').length - 1;
    const wrong: string[] = [];
    if (unseen > 0) wrong.push(`${unseen} promises failed unseen`);
    if (messages !== accepted || refused > 0)
      wrong.push(`${accepted} accepted, ${messages} sent, ${refused} calls refused`);
    const files = warm.map((look) => look.files);
    return {
      figures: {
        seconds,
        messages,
        rss_first_mib: warm[0]?.rss ?? Number.NaN,
        rss_last_mib: warm.at(-1)?.rss ?? Number.NaN,
        rss_slope_mib_an_hour: slopeOf(warm.map(({ at, rss }) => [at / 3_600_000, rss])),
        open_files_least: Math.min(...files),
        open_files_most: Math.max(...files),
        failed_unseen: unseen,
      },
      wrong,
    };
  },
};

/** Of the straight line that is closest to the points. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (pick: 0 | 1): number => points.reduce((sum, point) => sum + point[pick], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return over / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
