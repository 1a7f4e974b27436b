// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Load, LoadOptions } from '../load/load.ts';

/** Run them one after the other, a line of figures each. @returns whether all held */
export async function runLoads(
  loads: readonly Load[],
  options: LoadOptions & { readonly json: boolean },
): Promise<boolean> {
  let holds = true;
  for (const load of loads) {
    process.stderr.write(`${load.name} …\n`);
    const begunAt = performance.now();
    const { figures, wrong } = await load.run(options);
    const seconds = Math.round((performance.now() - begunAt) / 1_000);
    for (const what of wrong) process.stderr.write(`  WRONG: ${what}\n`);
    holds &&= wrong.length === 0;
    if (options.json) console.log(JSON.stringify({ load: load.name, seconds, figures, wrong }));
    else
      console.log(
        `${load.name} (${seconds} s): ${wrong.length === 0 ? 'holds' : 'DOES NOT HOLD'}\n${linesOf(figures)}`,
      );
  }
  return holds;
}

function linesOf(figures: Readonly<Record<string, number>>): string {
  const shown = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));
  return Object.entries(figures)
    .map(([name, value]) => `  ${name.padEnd(24)} ${shown(value)}`)
    .join('\n');
}
