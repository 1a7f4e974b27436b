// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync, readFileSync } from 'node:fs';
import type { Failure } from './failure.ts';

/** Those who keep the end of a log only keep 12 KB of it and less, and the table of stages is in it too. */
const MAX_BYTES = 6_000;
const MAX_LINES_EACH = 15;
/** A failure is told in this much at least, or counted only. */
const MIN_LINES_EACH = 3;

/** Read what the reporter wrote to `path`: none when there is no file. */
export function readFailures(path: string): readonly Failure[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  // written by failureOf, one a line; a run that was killed may have left half of the last one
  return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as Failure);
}

/**
 * Say what failed in one stage, for the end of the log: of each test its file and full name, how long it took, its
 * timeout and the beginning of its error. The more tests failed, the fewer lines each has; those beyond `maxBytes` are
 * counted.
 */
export function describeFailures(stage: string, failures: readonly Failure[], maxBytes = MAX_BYTES): string[] {
  const described: string[] = [];
  let left = maxBytes;
  for (const [index, failure] of failures.entries()) {
    const lines = describe(stage, failure, left / (failures.length - index));
    left -= bytesOf(lines);
    if (left < 0) return [...described, `... and ${failures.length - index} more failed in ${stage}`];
    described.push(...lines);
  }
  return described;
}

/** In as many lines as fit into `bytes`, if that is not too few to be of use. */
function describe(stage: string, failure: Failure, bytes: number): string[] {
  const heading = `FAILED in ${stage}: ${[failure.file, failure.name].filter(Boolean).join(' > ')}`;
  const lines = [heading, `  ${circumstances(failure)}`];
  for (const line of failure.error.slice(0, MAX_LINES_EACH)) {
    if (lines.length >= MIN_LINES_EACH && bytesOf([...lines, line]) > bytes) break;
    lines.push(`    ${line}`);
  }
  return lines;
}

function circumstances({ tookMs, timeoutMs, load }: Failure): string {
  const took = tookMs === undefined ? [] : [`took ${seconds(tookMs)}`];
  const timeout = timeoutMs === undefined ? [] : [`timeout ${seconds(timeoutMs)}`];
  return [...took, ...timeout, `load ${load.toFixed(1)}`].join(', ');
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const bytesOf = (lines: readonly string[]): number => Buffer.byteLength(lines.join('\n')) + 1;
