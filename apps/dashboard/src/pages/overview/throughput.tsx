// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Statistics } from '../../api/shapes.ts';
import { formatCount } from '../../format/numbers.ts';
import { Chart, type Line } from '../../ui/chart.tsx';

const LINES = [
  { label: 'Accepted', field: 'accepted', colour: '--quiet' },
  { label: 'Sent', field: 'sent', colour: '--good' },
  { label: 'Deferred', field: 'deferred', colour: '--wait' },
  { label: 'Failed', field: 'failed', colour: '--bad' },
] as const;

/** What happened in each minute. */
export function Throughput({ series }: Pick<Statistics, 'series'>) {
  const lines: Line[] = LINES.map(({ label, field, colour }) => ({
    label,
    colour,
    values: series.map((minute) => minute[field]),
  }));
  const sums = lines.map(
    ({ label, values }) => `${formatCount(values.reduce((a, b) => a + b, 0))} ${label.toLowerCase()}`,
  );
  return (
    <>
      <Chart
        label={`Messages in each minute; in all ${sums.join(', ')}`}
        times={series.map(({ at }) => Date.parse(at) / 1_000)}
        lines={lines}
      />
      <p class="hint">In all: {sums.join(', ')}.</p>
    </>
  );
}
