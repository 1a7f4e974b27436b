// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { parser } from '@prometheus-io/lezer-promql';

/** What a query names: metrics, and the labels that it looks at of each. */
export interface QueryNames {
  readonly metrics: readonly string[];
  /** In selectors and in what is grouped by. */
  readonly labels: readonly string[];
}

/** What dashboards put in place of their variables. */
const VARIABLES: readonly (readonly [RegExp, string])[] = [
  [/\$__rate_interval/g, '5m'],
  [/\$\w+/g, '.*'],
];

/**
 * Read a query of Prometheus by its own grammar.
 *
 * @throws {SyntaxError} where it is none
 */
export function namesIn(query: string): QueryNames {
  const text = VARIABLES.reduce((sum, [variable, value]) => sum.replaceAll(variable, value), query);
  const metrics: string[] = [];
  const labels: string[] = [];
  parser.parse(text).iterate({
    enter({ name, from, to, type }) {
      const word = text.slice(from, to);
      if (type.isError) throw new SyntaxError(`no query at ${from}: ${text}`);
      if (name === 'Identifier') metrics.push(word);
      if (name === 'LabelName') labels.push(word);
    },
  });
  return { metrics, labels };
}
