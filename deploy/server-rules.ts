// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { VARIABLES } from '../apps/server/src/env/variables.ts';

/** Seconds of a stop beside its deadline: requests under way (2), farewells to relays (2), the end of the process (2). */
const AROUND_STOP_S = 6;

/** Names that the server would refuse to start with. */
export function variableProblems(names: readonly string[]): readonly string[] {
  const known = new Set(VARIABLES.map(({ name }) => name));
  return names.filter((name) => !known.has(name)).map((name) => `${name} is no variable of the server`);
}

export interface StopTimes {
  /** Seconds after which the process is killed. */
  readonly graceS: number;
  readonly settings: Readonly<Record<string, string | undefined>>;
}

/** A process that is killed before its deadline leaves mail in doubt that it could have settled. */
export function stopProblems({ graceS, settings }: StopTimes): readonly string[] {
  const { GMP_STOP_DEADLINE_MS: deadlineMs, GMP_DRAIN_MS: drainMs = '0' } = settings;
  if (deadlineMs === undefined)
    return ['GMP_STOP_DEADLINE_MS is not set, so nothing says what the grace period follows'];
  const neededS = (Number(drainMs) + Number(deadlineMs)) / 1_000 + AROUND_STOP_S;
  return graceS >= neededS ? [] : [`killed after ${graceS} s, though a stop may take ${neededS} s`];
}
