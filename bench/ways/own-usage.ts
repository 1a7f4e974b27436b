// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Usage } from './way.ts';

/** Of the process of the bench, which does other things as well: only its CPU says something of who sends in it. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage();
  return {
    cpuMs: (user + system) / 1_000,
    commits: null,
    units: null,
    eventLoopP999Ms: null,
    rssPeakMib: null,
  };
}
