// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { ADMIN_TOKEN } from '../world/api.ts';

/** Milliseconds that the event loop of a server stood at most since this was last asked. */
export async function longestStallMs(url: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  const seconds = /^gmp_event_loop_delay_seconds\{quantile="1"[^}]*\} (\S+)$/m.exec(await response.text())?.[1];
  if (seconds === undefined) throw new Error('the metrics say nothing of the event loop');
  return Number(seconds) * 1_000;
}
