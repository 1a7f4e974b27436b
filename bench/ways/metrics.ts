// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { HttpClient } from '../load/http-client.ts';

/** Values by metric name, and by name with its labels as they stand. Without labels it is the sum over all of them. */
export type Metrics = ReadonlyMap<string, number>;

/** Read what a server counted since it started. */
export async function readMetrics(client: HttpClient): Promise<Metrics> {
  return parseMetrics(await client.get('/metrics'));
}

/** Enough of the Prometheus text format for counters and gauges. */
function parseMetrics(text: string): Metrics {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, labels, value] = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    values.set(name, (values.get(name) ?? 0) + Number(value));
    if (labels !== undefined) values.set(name + labels, Number(value));
  }
  return values;
}
