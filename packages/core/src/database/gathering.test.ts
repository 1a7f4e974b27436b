// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { Gathering } from './gathering.ts';

const MAX_WAIT_MS = 20;

/** A gathering whose units are noted as they are made; the writer is always free. */
function setUp({ sizeOf = () => 0 }: { readonly sizeOf?: (item: string) => number } = {}) {
  const clock = new VirtualClock();
  const units: (readonly string[])[] = [];
  const db = {
    async writeLate(make: () => readonly never[]) {
      await Promise.resolve();
      make();
      return [];
    },
  };
  const gathering = new Gathering<string, string>(db, {
    keyOf: (item) => item,
    sizeOf,
    unit(items) {
      units.push(items);
      return { statements: [], outcome: () => (item) => `${item} is written` };
    },
    company: { clock, maxWaitMs: MAX_WAIT_MS },
  });
  return { clock, units, gathering };
}

describe('company', () => {
  test('who expects nobody goes at once', async () => {
    const { units, gathering } = setUp();
    expect(await gathering.write('a')).toBe('a is written');
    expect(await gathering.write('b', 1)).toBe('b is written');
    expect(units).toEqual([['a'], ['b']]);
  });

  test('who expects others goes with them as soon as they are there', async () => {
    const { units, gathering } = setUp();
    const written = [gathering.write('a', 3)];
    await settled();
    written.push(gathering.write('b', 3));
    await settled();
    expect(units).toEqual([]);
    written.push(gathering.write('c', 3));
    expect(await Promise.all(written)).toEqual(['a is written', 'b is written', 'c is written']);
    expect(units).toEqual([['a', 'b', 'c']]);
  });

  test('what the last one expects is what counts', async () => {
    const { units, gathering } = setUp();
    const first = gathering.write('a', 9);
    await settled();
    await Promise.all([first, gathering.write('b', 2)]);
    expect(units).toEqual([['a', 'b']]);
  });

  test('who waits in vain goes when its time is over, and those who come meanwhile go along', async () => {
    const { clock, units, gathering } = setUp();
    const first = gathering.write('a', 9);
    await clock.advance(MAX_WAIT_MS - 1);
    const second = gathering.write('b', 9);
    await settled();
    expect(units).toEqual([]);
    await clock.advance(1);
    await Promise.all([first, second]);
    expect(units).toEqual([['a', 'b']]);
    const third = gathering.write('c', 9);
    await clock.advance(MAX_WAIT_MS);
    await third;
    expect(units).toEqual([['a', 'b'], ['c']]);
  });

  test('a unit with no room for the next waits for nobody', async () => {
    const { clock, units, gathering } = setUp({ sizeOf: () => 5_000_000 });
    const first = gathering.write('a', 9);
    const second = gathering.write('b', 9);
    await first;
    expect(units).toEqual([['a']]);
    await clock.advance(MAX_WAIT_MS);
    await second;
    expect(units).toEqual([['a'], ['b']]);
  });
});

/** Everything that can happen without time has happened. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
