// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Scenario } from './scenario.ts';

/** `brief` is what a test run has time for. */
export type Size = 'brief' | 'short' | 'long';

/** A test run has no more of a scenario than this; most messages come while things go wrong. */
const BRIEF_MESSAGES = 200;
/** For a server to end and to start again. */
const REPLACE_MS = 1_000;
/** A machine of two cores sends more, and has other things to do here. */
const MESSAGES_A_SECOND = 100;

/** How many messages there are at least, and how many times each trouble comes as often as it says. */
export function sizeOf(scenario: Scenario, size: Size): { readonly messages: number; readonly factor: number } {
  const { messages, longTimes } = scenario;
  if (size === 'long') return { messages: messages.long, factor: longTimes };
  return { messages: size === 'brief' ? Math.min(BRIEF_MESSAGES, messages.short) : messages.short, factor: 1 };
}

/** Seconds that it may take, on one database. */
export function estimateSeconds(scenario: Scenario, size: Size): number {
  const { messages, factor } = sizeOf(scenario, size);
  const each = scenario.troubles.map(({ kind, times, everyMs, forMs = [0, 0] }) => {
    const replaceMs = kind === 'kill' || kind === 'stop' ? REPLACE_MS : 0;
    return times * factor * (mean(everyMs) + mean(forMs) + replaceMs);
  });
  const troubleMs = each.reduce((sum, ms) => sum + ms, 0);
  const sendMs = 1_000 * (messages / MESSAGES_A_SECOND);
  const limitMs = scenario.perMinute === null ? 0 : (60_000 * messages) / scenario.perMinute;
  return Math.max(troubleMs, sendMs, limitMs) / 1_000;
}

function mean([least, most]: readonly [number, number]): number {
  return (least + most) / 2;
}
