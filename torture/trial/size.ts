// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { DatabaseKind } from '../crash-matrix/cells.ts';
import type { Scenario, Trouble } from './scenario.ts';

/** `brief` is what a test run has time for. */
export type Size = 'brief' | 'short' | 'long';

/** What a test run has of a scenario; more messages come while things go wrong. */
const BRIEF_MESSAGES = 200;
/** For a server to end and to start again. */
const REPLACE_MS = 1_000;
/** For servers, sink and database to start, and to end. */
const START_MS = 3_000;
/** Calls for one message, each with its own answer. */
const RACE_COST = 10;
/** A machine of two cores sends more, and has other things to do here. */
const MESSAGES_A_SECOND = 100;

/** How many messages there are at least. */
export function messagesOf({ messages }: Scenario, size: Size): number {
  return size === 'brief' ? Math.min(BRIEF_MESSAGES, messages.short) : messages[size];
}

/** What a scenario is tried on, and how much of it. */
export interface Extent {
  readonly scenario: Scenario;
  readonly database: DatabaseKind;
  readonly size: Size;
}

/** How often a trouble comes. */
export function timesOf({ scenario: { longTimes }, database, size }: Extent, { times }: Trouble): number {
  if (size === 'long') return times * (typeof longTimes === 'number' ? longTimes : longTimes[database]);
  return size === 'brief' ? Math.ceil(times / 2) : times;
}

/** Seconds that it may take. */
export function estimateSeconds(extent: Extent): number {
  const { scenario, size } = extent;
  const messages = messagesOf(scenario, size);
  const each = scenario.troubles.map((trouble) => {
    const { kind, everyMs, forMs = [0, 0] } = trouble;
    const replaceMs = kind === 'kill' || kind === 'stop' ? REPLACE_MS : 0;
    return timesOf(extent, trouble) * (mean(everyMs) + mean(forMs) + replaceMs);
  });
  const troubleMs = each.reduce((sum, ms) => sum + ms, 0);
  const sendMs = (1_000 * messages * (scenario.submit === 'races' ? RACE_COST : 1)) / MESSAGES_A_SECOND;
  const limitMs = scenario.perMinute === null ? 0 : (60_000 * messages) / scenario.perMinute;
  return (START_MS + Math.max(troubleMs, sendMs, limitMs)) / 1_000;
}

function mean([least, most]: readonly [number, number]): number {
  return (least + most) / 2;
}
