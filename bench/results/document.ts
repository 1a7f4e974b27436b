// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { markdownTable } from './print.ts';
import type { ResultTable } from './row.ts';
import { type Verdict, verdictsOf } from './targets.ts';

/** Where tables stand in a document: of the plan that the first line names, or of `targets`. */
const PLACE = /<!-- bench (\S+) -->\n[\s\S]*?<!-- end -->/g;

/** Put the tables of each plan into its place. What was not measured stays as it is. */
export function fillDocument(document: string, tables: readonly ResultTable[]): string {
  return document.replaceAll(PLACE, (before, name: string) => {
    const content = name === 'targets' ? targetsTable(verdictsOf(tables)) : planTables(name, tables);
    return content === '' ? before : `<!-- bench ${name} -->\n\n${content.trim()}\n\n<!-- end -->`;
  });
}

/** What was aimed at beside what was measured. */
export function targetsTable(verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(({ plan, target, measured, isMet, digits }) => {
    const verdict = isMet === null ? '-' : isMet ? 'yes' : '**no**';
    return `| ${plan} | ${target} | ${measured === null ? '-' : measured.toFixed(digits)} | ${verdict} |`;
  });
  return ['| plan | target | measured | met |', '| --- | --- | ---: | --- |', ...lines, ''].join('\n');
}

function planTables(name: string, tables: readonly ResultTable[]): string {
  return tables
    .filter(({ plan }) => plan === name)
    .map(markdownTable)
    .join('\n');
}
