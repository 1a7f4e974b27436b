// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
const BARS = '▁▂▃▄▅▆▇█';

/** A line of bars, each as high as its value; several values become one where there is no room for all. */
export function spark(values: readonly number[], width: number): string {
  const bars = gathered(values, Math.max(1, width));
  const highest = Math.max(...bars, 0);
  return bars.map((value) => barOf(value, highest)).join('');
}

function barOf(value: number, highest: number): string {
  if (value <= 0 || highest === 0) return ' ';
  return BARS[Math.min(BARS.length - 1, Math.floor((value / highest) * BARS.length))] ?? ' ';
}

/** Sums of neighbours; the newest value stands at the end of a whole group. */
function gathered(values: readonly number[], width: number): readonly number[] {
  const size = Math.max(1, Math.ceil(values.length / width));
  const first = values.length % size;
  const starts = Array.from({ length: Math.ceil(values.length / size) }, (_, at) =>
    first === 0 ? at * size : Math.max(0, at * size - (size - first)),
  );
  return starts.map((start, at) => values.slice(start, starts[at + 1] ?? values.length).reduce((a, b) => a + b, 0));
}
