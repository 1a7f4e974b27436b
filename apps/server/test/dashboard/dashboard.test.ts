// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { whyNoBrowser } from '@mail-proxy/testkit';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { barriers } from './barriers.case.ts';
import { arrived, type Dashboard, openDashboard } from './open-pages.case.ts';

const noBrowser = whyNoBrowser();

/** Of the text of an element, as the browser shows it. */
const colourOf = (locator: Locator): Promise<string> =>
  locator.evaluate((element) => element.ownerDocument.defaultView?.getComputedStyle(element).color ?? '');

// One browser and one server for all of them.
let dashboard: Dashboard;
beforeAll(async () => {
  if (noBrowser === null) dashboard = await openDashboard();
});
afterAll(async () => {
  await dashboard?.[Symbol.asyncDispose]();
});
beforeEach((context) => {
  if (noBrowser !== null) context.skip(noBrowser);
});

describe('who logs in', () => {
  test('with a wrong token is told so, and with the right one stays in until the tab is left', async () => {
    await using tab = await dashboard.open(null);
    const { page } = tab;
    await page.getByLabel('Token').fill('mp_live_guessed');
    await page.getByRole('button', { name: 'Log in' }).click();
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('does not know this token');
    await page.getByLabel('Token').fill(dashboard.server.adminToken);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('link', { name: 'order-4711' }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'order-4711' }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Token').waitFor();
    expect(await page.evaluate(() => Object.values(sessionStorage).join())).not.toContain(dashboard.server.adminToken);
  });

  test("as a tenant sees the tenant's own only", async () => {
    await using tab = await dashboard.open(dashboard.server.acmeKey);
    await tab.go('/messages?recipient=hank@example.net');
    await tab.page.getByText('No message matches all of that.').waitFor();
    await tab.go('/messages/globex-secret-1');
    await expect.poll(() => tab.page.getByRole('alert').textContent()).toContain('There is no such message');
    await tab.go('/messages');
    expect(await tab.page.locator('body').textContent()).not.toMatch(/globex|initech/i);
  });
});

describe('messages', () => {
  test('are searched by what the address of the page keeps', async () => {
    await using tab = await dashboard.open(dashboard.server.adminToken);
    const { page } = tab;
    await page.getByLabel('Recipient').fill('nobody@example.org');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(2);
    await page.getByLabel('State').selectOption('Failed');
    await expect.poll(() => page.locator('tbody th').allTextContents()).toEqual(['invoice-2001']);
    await page.reload();
    await arrived(page);
    expect(await page.locator('tbody th').allTextContents()).toEqual(['invoice-2001']);
    expect(await page.getByLabel('Recipient').inputValue()).toBe('nobody@example.org');
  });

  test('say what became of each recipient, why they wait, and what was said', async () => {
    await using tab = await dashboard.open(dashboard.server.acmeKey);
    const { page } = tab;
    await tab.go('/messages/invoice-2002');
    await page.getByText('partially sent').first().waitFor();
    const rows = await page.locator('tbody tr').allTextContents();
    expect(rows.find((row) => row.startsWith('nobody@example.org'))).toContain('550 5.1.1');
    expect(rows.find((row) => row.startsWith('ada@example.org'))).toContain('sent');
    expect(await page.getByLabel('Transcript of the last attempt').textContent()).toContain(
      'RCPT TO:<nobody@example.org>',
    );
    await tab.go('/messages/branch-2');
    await page.getByText('The account is paused').waitFor();
    expect(tab.complaints).toEqual([]);
  });

  test('are held, released and cancelled', async () => {
    await using tab = await dashboard.open(dashboard.server.acmeKey);
    const { page } = tab;
    await tab.go('/messages/statement-1');
    await page.getByRole('button', { name: 'Hold' }).click();
    await page.getByText('held', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Release' }).click();
    await page.getByRole('button', { name: 'Cancel message' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Cancel', exact: true }).click();
    expect(await page.getByText('cancelled', { exact: true }).count()).toBe(0);
    await page.getByRole('button', { name: 'Cancel message' }).click();
    await dialog.getByRole('button', { name: 'Cancel message' }).click();
    await page.getByText('cancelled', { exact: true }).first().waitFor();
  });

  test('keep what they say from a key that may not read it', async () => {
    await using tab = await dashboard.open(dashboard.server.readerKey);
    await tab.go('/messages/order-4711');
    await tab.page.getByText('it lacks the scope messages:content').waitFor();
    expect(await tab.page.locator('body').textContent()).not.toContain('is on its way');
    expect(await tab.page.getByRole('button', { name: 'Retry now' }).count()).toBe(0);
  });
});

describe('the HTML of a mail', () => {
  test('looks as it was meant to, without a complaint of the policy', async () => {
    await using tab = await dashboard.open(dashboard.server.acmeKey);
    await tab.go('/messages/order-4711');
    const mail = tab.page.frameLocator('iframe').frameLocator('iframe');
    expect(await colourOf(mail.locator('h1'))).toBe('rgb(10, 107, 79)');
    expect([tab.complaints, tab.elsewhere]).toEqual([[], []]);
  });

  test('runs nothing, loads nothing and leads nowhere', async () => {
    await using tab = await dashboard.open(dashboard.server.acmeKey);
    const { page } = tab;
    await tab.go('/messages/hostile');
    const mail = page.frameLocator('iframe').frameLocator('iframe');
    expect(await colourOf(mail.locator('#styled'))).toBe('rgb(1, 2, 3)');
    await mail.locator('#link').click();
    await mail.locator('#send').click();
    await mail.locator('#styled').waitFor();
    expect(await page.title()).toBe('hostile · mail-proxy');
    expect(page.context().pages()).toHaveLength(1);
    expect(page.url()).toContain(dashboard.server.url);
    expect(tab.elsewhere).toEqual([]);
  });
});

describe('every page', () => {
  const PLACES = ['/messages', '/messages/order-4711', '/messages/branch-2', '/nowhere'];

  test.each([
    { colorScheme: 'light', viewport: { width: 1_360, height: 850 } },
    { colorScheme: 'dark', viewport: { width: 1_360, height: 850 } },
    { colorScheme: 'light', viewport: { width: 360, height: 740 } },
  ] as const)('can be read by anybody: $colorScheme, $viewport.width wide', async (options) => {
    await using tab = await dashboard.open(dashboard.server.adminToken, options);
    const found: unknown[] = [];
    for (const place of PLACES) {
      await tab.go(place);
      found.push(...(await barriers(tab.page)).map((barrier) => ({ place, ...barrier })));
      const { width } = options.viewport;
      const isWider = Number(await tab.page.evaluate('document.documentElement.scrollWidth')) > width;
      if (isWider) found.push({ place, id: 'wider than the screen' });
    }
    expect(found).toEqual([]);
    expect(tab.complaints).toEqual([]);
  });

  test('of somebody who is not logged in, too', async () => {
    await using tab = await dashboard.open(null);
    expect(await barriers(tab.page)).toEqual([]);
  });
});
