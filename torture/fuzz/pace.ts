// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { ADMIN_TOKEN } from '../world/api.ts';

/** How a server has fared. */
export interface Pace {
  /** Milliseconds that its event loop stood at most since this was last asked. */
  readonly stallMs: number;
  /** Milliseconds of a processor that it has used so far. */
  readonly cpuMs: number;
}

export async function paceOf(url: string): Promise<Pace> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  const text = await response.text();
  const seconds = (name: RegExp): number => {
    const value = name.exec(text)?.[1];
    if (value === undefined) throw new Error(`the metrics have no ${name.source}`);
    return Number(value);
  };
  return {
    stallMs: seconds(/^gmp_event_loop_delay_seconds\{quantile="1"[^}]*\} (\S+)$/m) * 1_000,
    cpuMs: seconds(/^process_cpu_seconds_total(?:\{[^}]*\})? (\S+)$/m) * 1_000,
  };
}
