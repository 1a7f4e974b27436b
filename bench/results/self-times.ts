// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** As the DevTools protocol calls it, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  readonly name: string;
  readonly ms: number;
}

/** What is no work of the process. */
const IDLE = new Set(['(idle)', '(program)', '(root)']);

/** Milliseconds that were spent in each file and function itself, most first, and in all of them together. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const files = new Map<string, number>();
  const functions = new Map<string, number>();
  let busyMs = 0;
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    if (frame === undefined || IDLE.has(frame.functionName)) return;
    // The time until the next sample is that of this one.
    const ms = (timeDeltas[index + 1] ?? 0) / 1_000;
    const file = shortName(frame.url);
    const where = file === '' ? '' : ` ${file}:${frame.lineNumber + 1}`;
    busyMs += ms;
    add(files, file === '' ? frame.functionName || '(native)' : file, ms);
    add(functions, (frame.functionName || '(anonymous)') + where, ms);
  });
  return { files: mostFirst(files), functions: mostFirst(functions), busyMs };
}

/** From the last `node_modules`, or from the folder of a workspace package. */
function shortName(url: string): string {
  return url.replace(/^.*\/node_modules\//, '').replace(/^file:\/\/.*?\/((?:packages|apps|bench)\/)/, '$1');
}

function add(times: Map<string, number>, name: string, ms: number): void {
  times.set(name, (times.get(name) ?? 0) + ms);
}

function mostFirst(times: ReadonlyMap<string, number>): readonly SelfTime[] {
  return [...times].map(([name, ms]) => ({ name, ms })).toSorted((a, b) => b.ms - a.ms);
}
