// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Statistics } from '../../api/shapes.ts';
import { formatCount } from '../../format/numbers.ts';
import { Chart } from '../../ui/chart.tsx';

/** How much waited at the end of each minute. */
export function QueueDepth({ waiting, series }: Pick<Statistics, 'waiting' | 'series'>) {
  const depths = depthsOf(waiting.total, series);
  const most = formatCount(Math.max(0, ...depths));
  return (
    <>
      <Chart
        label={`Messages that wait: ${formatCount(waiting.total)} now, at most ${most}`}
        times={series.map(({ at }) => Date.parse(at) / 1_000)}
        lines={[{ label: 'Waiting', colour: '--busy', values: depths }]}
      />
      <p class="hint">Reckoned back from what waits now by what came and what ended; at most {most}.</p>
    </>
  );
}

/** Before a minute there was what is there after it, without what came and with what ended in it. */
function depthsOf(now: number, series: Statistics['series']): readonly number[] {
  const depths: number[] = [];
  let depth = now;
  for (const { accepted, sent, failed } of [...series].reverse()) {
    depths.push(Math.max(0, depth));
    depth -= accepted - sent - failed;
  }
  return depths.reverse();
}
