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
export async function barriers(page: Page): Promise<readonly Barrier[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(
    `axe.run({ exclude: ['iframe'] }, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
  );
  // What axe.run gives.
  return (found as axe.AxeResults).violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html.slice(0, 160)) }));
}
