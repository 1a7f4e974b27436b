// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** The page on metrics: those of the core, and what the enterprise edition adds. */
export function metricsPage(core, all) {
  const known = new Set(core.map(({ name }) => name));
  const added = all.filter(({ name }) => !known.has(name));
  return `# Metrics

What \`GET /metrics\` shows, made from the code. How it is read, and what to watch, stands in
[Monitoring](../guide/monitoring.md). Beside these there are the figures of the process and of Node.js, which begin with
\`process_\` and \`nodejs_\`, as prom-client makes them. A histogram \`x\` shows as \`x_bucket\`, \`x_sum\` and \`x_count\`.

${table(core)}
## Of the enterprise edition

The enterprise edition has these besides.

${table(added)}`;
}

function table(metrics) {
  const rows = metrics
    .filter(({ name }) => name.startsWith('gmp_'))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      ({ name, kind, labels, help }) => `| \`${name}\` | ${kind} | ${labels.map(code).join(', ') || '–'} | ${help} |\n`,
    );
  return `| name | kind | labels | what it is |\n| --- | --- | --- | --- |\n${rows.join('')}`;
}

function code(text) {
  return `\`${text}\``;
}
