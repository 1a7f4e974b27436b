// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MultiBar, Presets } from 'cli-progress';

/** How often the progress is looked at, milliseconds. */
const INTERVAL_MS = 100;

/** In a log a line a second is enough. */
const LOG_INTERVAL_MS = 1_000;

/** What is counted, by its name. */
export type Counts = Readonly<Record<string, number>>;

/** Show how far each count is from `total` until disposed: bars on a terminal, plain lines elsewhere. */
export function showProgress(total: number, look: () => Counts): Disposable {
  return process.stdout.isTTY ? showBars(total, look) : showLines(total, look);
}

function showBars(total: number, look: () => Counts): Disposable {
  const format = '  {name} {bar} {value}/{total}';
  const multi = new MultiBar(
    { format, hideCursor: true, gracefulExit: false, stream: process.stdout },
    Presets.shades_classic,
  );
  const bars = Object.keys(look()).map((name) => ({ name, bar: multi.create(total, 0, { name: name.padEnd(10) }) }));
  const draw = (): void => {
    const counts = look();
    for (const { name, bar } of bars) bar.update(counts[name] ?? 0);
  };
  const timer = setInterval(draw, INTERVAL_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      draw();
      multi.stop();
    },
  };
}

function showLines(total: number, look: () => Counts): Disposable {
  let last = '';
  const print = (): void => {
    const counts = Object.entries(look()).map(([name, count]) => `${name} ${count}/${total}`);
    const line = `  ${counts.join('  ')}`;
    if (line !== last) console.log(line);
    last = line;
  };
  const timer = setInterval(print, LOG_INTERVAL_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      print();
    },
  };
}
