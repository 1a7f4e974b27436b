// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// No Prometheus and no Grafana: what is shipped for them is held against the metrics of a real server.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eventually, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readServerConfig } from '../apps/server/src/env/read-config.ts';
import { startServer } from '../apps/server/src/start-server.ts';
import { namesIn } from './monitoring-queries.ts';

const pathOf = (file: string): string => fileURLToPath(new URL(`monitoring/${file}`, import.meta.url));

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

/** Set by Prometheus itself when it scrapes. */
const OF_PROMETHEUS = new Set(['job', 'instance']);
const UP = 'up';

/** Comes with Prometheus; used where it is installed. */
const PROMTOOL = 'promtool';

/** Names of the samples of a server that sent a message, each with its labels. */
async function scraped(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  using dir = tempDir();
  await using sink = await startSmtpSink();
  const token = 'a-token-of-enough-length';
  const env = { GMP_PORT: '0', GMP_DATA_DIR: dir.path, GMP_EDITION: 'community', GMP_API_TOKEN: token };
  await using server = await startServer(readServerConfig(env));
  const post = (path: string, body: object): Promise<Response> =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await post('/v1/accounts', { id: 'main', tenant_id: 'default', host: '127.0.0.1', port: sink.port, tls: 'none' });
  const mail = { from: 'a@example.com', to: 'b@example.org', subject: 's', text: 't', tenant_id: 'default' };
  expect((await post('/v1/messages', mail)).status).toBe(202);
  await eventually(() => sink.messages.length > 0);
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const samples = new Map<string, Set<string>>();
  for (const [, name = '', inner = ''] of text.matchAll(/^([a-z_]+)(?:\{([^}]*)\})? /gm)) {
    const labels = samples.get(name) ?? new Set();
    for (const [, label = ''] of inner.matchAll(/(\w+)="/g)) labels.add(label);
    samples.set(name, labels);
  }
  // Counters that nobody has counted yet have no samples; their names are there.
  for (const [, name = ''] of text.matchAll(/^# TYPE ([a-z_]+) /gm))
    if (!samples.has(name)) samples.set(name, new Set());
  return samples;
}

const dashboard = JSON.parse(readFileSync(pathOf('grafana-dashboard.json'), 'utf8')) as Dashboard;
const rules = parse(readFileSync(pathOf('alerts.yaml'), 'utf8')) as Rules;
const queries = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
  ...rules.groups.flatMap((group) => group.rules.map(({ alert, expr }) => [alert, expr] as const)),
];
const real = await scraped();

/** Metrics and labels of a query that no scrape has. */
function unknownIn(query: string): readonly string[] {
  const { metrics, labels } = namesIn(query);
  const seen = new Set(metrics.flatMap((metric) => [...(real.get(metric) ?? [])]));
  return [
    ...metrics.filter((metric) => metric !== UP && !real.has(metric)),
    // What has no sample yet says nothing of its labels.
    ...labels.filter((label) => !OF_PROMETHEUS.has(label) && seen.size > 0 && !seen.has(label)),
  ];
}

describe('the dashboard and the alerts', () => {
  test.each(queries)('%s: all that it asks for is there', (_, query) => {
    expect(namesIn(query).metrics).not.toEqual([]);
    expect(unknownIn(query)).toEqual([]);
  });

  test.each([
    ['a metric', 'sum(rate(gmp_send_total[5m]))', ['gmp_send_total']],
    ['a label', 'sum by (tenant) (gmp_sent_total{accounts="x"})', ['tenant', 'accounts']],
  ])('%s by a wrong name is found', (_, query, unknown) => {
    expect(unknownIn(query)).toEqual(unknown);
  });

  test('a query that is none is found', () => {
    expect(() => namesIn('sum(rate(gmp_sent_total[5m])')).toThrow(SyntaxError);
  });

  test('the variables of the dashboard are filled from what is there', () => {
    for (const { definition } of dashboard.templating.list) {
      if (definition === undefined) continue;
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? [];
      expect([definition, unknownIn(`sum by (${label}) (${selector})`)]).toEqual([definition, []]);
    }
  });

  test('promtool takes the rules', ({ skip }) => {
    skip(!hasPromtool(), 'promtool is not installed');
    expect(execFileSync(PROMTOOL, ['check', 'rules', pathOf('alerts.yaml')], { encoding: 'utf8' })).toContain(
      'SUCCESS',
    );
  });
});

function hasPromtool(): boolean {
  try {
    execFileSync(PROMTOOL, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    // It is not installed.
    return false;
  }
}
