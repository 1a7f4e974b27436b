// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Values by metric name, summed over labels. */
export type Metrics = ReadonlyMap<string, number>;

/** Read what several servers counted since they started, summed. */
export async function readAllMetrics(urls: readonly string[], token: string): Promise<Metrics> {
  const sum = new Map<string, number>();
  for (const metrics of await Promise.all(urls.map((url) => readMetrics(url, token)))) {
    for (const [name, value] of metrics) sum.set(name, (sum.get(name) ?? 0) + value);
  }
  return sum;
}

/** Read what the server counted since it started. */
async function readMetrics(url: string, token: string): Promise<Metrics> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`/metrics was answered ${response.status}`);
  return parseMetrics(await response.text());
}

/** How much a counter rose for each of `count` messages; null when the server does not count it. */
export function perMessage(name: string, [before, after]: readonly [Metrics, Metrics], count: number): number | null {
  const value = after.get(name);
  return value === undefined ? null : (value - (before.get(name) ?? 0)) / count;
}

/** Enough of the Prometheus text format for counters. */
function parseMetrics(text: string): Metrics {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^([a-zA-Z_:][\w:]*)(?:\{.*\})? (\S+)/.exec(line) ?? [];
    if (name !== undefined) values.set(name, (values.get(name) ?? 0) + Number(value));
  }
  return values;
}
