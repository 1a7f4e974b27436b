// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { seededRandom } from '@mail-proxy/core/testing';
import { openClient, statusCounts } from './client.ts';
import type { Load } from './load.ts';
import { openLoadWorld } from './load-world.ts';
import { peakWhile, quantile, rssOf } from './process-figures.ts';

const DOCUMENTS = 100_000;
const AT_ONCE = 8;
const SEED = 26;

/** Target 26. */
export const hostileJson: Load = {
  name: 'hostile-json',
  about: '100,000 documents of depth, __proto__, double keys, numbers and letters that are none: 4xx, and it goes on',
  async run({ count }) {
    await using world = await openLoadWorld();
    const key = await world.addTenant('acme');
    using client = openClient(world.server.url, AT_ONCE, key);
    const random = seededRandom(SEED);
    const before = rssOf(world.server.pid);
    const statuses: number[] = [];
    const took: number[] = [];
    const wrong: string[] = [];
    let left = count ?? DOCUMENTS;
    const work = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const document = hostile(random);
        const { status, tookMs } = await client.call('POST', '/v1/messages', document);
        statuses.push(status);
        took.push(tookMs);
        const isRefused = status >= 400 && status < 500;
        if (!isRefused && wrong.length < 10) wrong.push(`answered ${status}: ${document.slice(0, 120)}`);
      }
    };
    const { peak } = await peakWhile(world.server.pid, Promise.all(Array.from({ length: AT_ONCE }, work)));
    const alive = await client.call('GET', '/v1/messages');
    if (alive.status !== 200) wrong.push(`afterwards the list was answered ${alive.status}`);
    return {
      figures: {
        ...statusCounts(statuses),
        p99_ms: quantile(took, 0.99),
        most_ms: quantile(took, 1),
        rss_more_mib: peak - before,
      },
      wrong,
    };
  },
};

type Random = () => number;

const pick = <T>(random: Random, items: readonly [T, ...T[]]): T =>
  items[Math.floor(random() * items.length)] ?? items[0];

const FIELDS = [
  'from',
  'to',
  'subject',
  'text',

  'attachments',
  'send_at',
  'priority',
  'id',
  'batch_code',
] as const;

/** A message of which one thing at least is as it must not be. */
function hostile(random: Random): string {
  const right = '"from":"a@example.net","to":"b@example.org","subject":"s","text":"t"';
  const field = pick(random, FIELDS);
  const depth = Math.ceil(random() ** 4 * 100_000);
  switch (Math.floor(random() * 9)) {
    case 0:
      return `{${right},"${field}":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    case 1:
      return `{${right},"headers":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`;
    case 2:
      return `{${right},${pick(random, ['"__proto__"', '"\\u005f_proto__"', '"headers":{"__proto__":1},"__proto__"'])}:{"admin":true}}`;
    case 3:
      return `{${right},"priority":${pick(random, ['1e400', '-1e400', '99999999999999999999', '-0.5', 'NaN', 'Infinity'])}}`;
    case 4:
      return `{${right},"from":"${pick(random, ['\\ud800', '\\u0000', 'a\\r\\nBcc: x@example.org', '\\ufffe'])}"}`;
    case 5:
      return `{${right},"to":"a@example.org","to":${pick(random, ['null', '{}', '[[]]', '"x"', '7'])}}`;
    case 6: {
      const text = `{${right}}`;
      return text.slice(0, Math.floor(random() * text.length));
    }
    case 7:
      return pick(random, [
        '[]',
        'null',
        '7',
        '"x"',
        'true',
        '\u0000',
        '{"":{}}',
        '{"constructor":{"prototype":{"x":1}}}',
      ]);
    default:
      return `{${right},"${'k'.repeat(depth)}":${pick(random, ['1', '"\\ud800"', '{}', '[]'])}}`;
  }
}
