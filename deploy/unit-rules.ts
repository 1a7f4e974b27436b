// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { stopProblems, variableProblems } from './server-rules.ts';

/** The directives of a unit file, by name; one that is repeated has all its values. */
export type Unit = Readonly<Record<string, readonly string[]>>;

export function parseUnit(text: string): Unit {
  const lines = text.split('\n').filter((line) => /^\w+=/.test(line));
  const pairs = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  const names = [...new Set(pairs.map(([name]) => name))];
  return Object.fromEntries(names.map((name) => [name, pairs.flatMap(([of, value]) => (of === name ? [value] : []))]));
}

/** What our server would not do as the unit says. */
export function unitProblems(unit: Unit): readonly string[] {
  const variables = Object.fromEntries(
    (unit['Environment'] ?? []).flatMap((line) => line.split(' ').map((each) => each.split('=') as [string, string])),
  );
  const own = Object.keys(variables).filter((name) => name.startsWith('GMP_'));
  const graceS = Number(unit['TimeoutStopSec']?.[0]);
  return [
    ...variableProblems(own),
    ...stopProblems({ graceS, settings: variables }),
    ...(/ serve %i$/.test(unit['ExecStart']?.[0] ?? '') ? [] : ['it does not serve the instance of its name']),
    ...(unit['RestartPreventExitStatus']?.[0] === '2 78' ? [] : ['it is started again with a wrong configuration']),
  ];
}
