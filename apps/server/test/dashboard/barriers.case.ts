// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** Something of a page that keeps somebody from using it. */
export interface Barrier {
  readonly id: string;
  readonly help: string;
  readonly where: readonly string[];
}

/** What axe finds that is serious or critical, by the rules of WCAG 2.2 AA. The frames of mails are not ours. */
export const barriers = (page: Page): Promise<readonly Barrier[]> =>
  found(page, ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);

/** The same of what another theme changes. */
export const contrastBarriers = (page: Page): Promise<readonly Barrier[]> => found(page, ['color-contrast']);

async function found(page: Page, runOnly: readonly string[]): Promise<readonly Barrier[]> {
  // A page that was loaded anew does not have it yet.
  if (!(await page.evaluate(`'axe' in window`))) await page.evaluate(axe.source);
  const results = await page.evaluate(
    `axe.run({ exclude: ['iframe'] }, { resultTypes: ['violations'], runOnly: ${JSON.stringify(runOnly)} })`,
  );
  // What axe.run gives.
  return (results as axe.AxeResults).violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html.slice(0, 160)) }));
}
