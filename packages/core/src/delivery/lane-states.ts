// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { LANE_STATES, type LaneState } from '../observability/stop-metrics.ts';
import type { Gate } from '../queue/lane-gates.ts';
import type { Lane } from './lane.ts';

/** Count lanes by what they do. What still runs of a closed lane is sent to its end, so it counts as closed. */
export function countLanes(
  lanes: Iterable<Lane>,
  gatesOf: (lane: Lane) => readonly Gate[],
): Readonly<Record<LaneState, number>> {
  const counts = Object.fromEntries(LANE_STATES.map((state) => [state, 0])) as Record<LaneState, number>;
  for (const lane of lanes) counts[stateOf(lane, gatesOf(lane))] += 1;
  return counts;
}

/** The gates come with the widest first: what stops all is the reason, whatever else there is. */
function stateOf(lane: Lane, [gate]: readonly Gate[]): LaneState {
  if (gate === undefined) return lane.inHand > 0 ? 'sending' : 'waiting';
  return gate.kind === 'account_probe' ? 'account_paused' : gate.kind;
}
