// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Lane } from './lane.ts';
import type { Turns } from './turns.ts';

/**
 * Take up to `count` lanes, by turns, that have room for a claim. Half the room of a lane must be free, so that claims
 * come in lots; those that are fuller stand in line again.
 */
export function takeHungry(hungry: Turns<Lane>, count: number): readonly Lane[] {
  const lanes: Lane[] = [];
  const full: Lane[] = [];
  for (let turns = Math.min(hungry.size, Math.max(count, 0) * 2); turns > 0 && lanes.length < count; turns--) {
    const lane = hungry.take();
    if (lane === undefined) break;
    if (lane.room * 2 >= lane.capacity) lanes.push(lane);
    else full.push(lane);
  }
  for (const lane of full) hungry.add(lane);
  return lanes;
}
