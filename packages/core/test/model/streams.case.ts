// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { seededRandom } from '@mail-proxy/core/testing';
import type { Random } from '../../src/clock.ts';

/**
 * A stream of chance of its own for each name, so that what one part draws changes nothing for another: a message meets
 * the same relay however the rest of the run goes.
 */
export function streamOf(seed: number, name: string): Random {
  // FNV-1a, 32 bits.
  let hash = 0x811c9dc5;
  for (const character of `${seed} ${name}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  const random = seededRandom(hash);
  // The first number still shows how close two names are.
  random();
  return random;
}

/** One of a list that has some. */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}
