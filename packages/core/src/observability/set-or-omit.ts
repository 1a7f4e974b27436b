// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Gauge } from 'prom-client';

/** Set a gauge by figures that were read; without them it has no sample, since an old one or a zero would be a lie. */
export function setOrOmit<Figures>(gauge: Gauge, figures: Figures | null, pick: (figures: Figures) => number): void {
  if (figures === null) gauge.remove();
  else gauge.set(pick(figures));
}
