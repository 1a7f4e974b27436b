// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Figures } from '../results/row.ts';
import type { Usage } from '../ways/way.ts';

/** What a sender took for each of `count` messages between two looks. */
export function usageFigures([before, after]: readonly [Usage, Usage], count: number): Figures {
  const perMessage = (name: 'commits' | 'units'): number | null => {
    const [from, to] = [before[name], after[name]];
    return from === null || to === null ? null : (to - from) / count;
  };
  return {
    cpu_ms_per_message: (after.cpuMs - before.cpuMs) / count,
    commits_per_message: perMessage('commits'),
    units_per_message: perMessage('units'),
    event_loop_p999_ms: after.eventLoopP999Ms,
    rss_peak_mib: after.rssPeakMib,
  };
}
