// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Page } from 'playwright-core';

/** What has the keyboard, as somebody hears and sees it. */
interface Focus {
  /** Its label, or its text. */
  readonly name: string;
  readonly isShown: boolean;
}

const FOCUS = `(() => {
  const element = document.activeElement;
  const name = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return { name: name.trim(), isShown: outlineStyle !== 'none' && outlineWidth !== '0px' };
})()`;

/** More than a page has. */
const MOST = 150;

export async function focusOf(page: Page): Promise<Focus> {
  // What the expression gives.
  return (await page.evaluate(FOCUS)) as Focus;
}

/**
 * Press Tab until something of that name has the keyboard.
 *
 * @throws Error where it is never reached, or is not shown to have it
 */
export async function tabTo(page: Page, name: string): Promise<void> {
  const passed: string[] = [];
  for (let pressed = 0; pressed < MOST; pressed++) {
    await page.keyboard.press('Tab');
    const focus = await focusOf(page);
    if (focus.name === name) {
      if (!focus.isShown) throw new Error(`nothing shows that ${name} has the keyboard`);
      return;
    }
    passed.push(focus.name.slice(0, 30));
  }
  throw new Error(`the keyboard does not reach ${name}; it passed ${passed.join(', ')}`);
}
