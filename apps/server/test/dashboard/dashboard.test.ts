// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { whyNoBrowser } from '@mail-proxy/testkit';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { barriers, contrastBarriers } from './barriers.case.ts';
import { focusOf, tabTo } from './keyboard.case.ts';
import { arrived, type Dashboard, type OpenPage, openDashboard } from './open-pages.case.ts';

const noBrowser = whyNoBrowser();

/** Of the text of an element, as the browser shows it. */
const colourOf = (locator: Locator): Promise<string> =>
  locator.evaluate((element) => element.ownerDocument.defaultView?.getComputedStyle(element).color ?? '');

/** Where a link of a list leads, as `go` takes it. */
async function placeOf(tab: OpenPage, list: string, name: string): Promise<string> {
  await tab.go(list);
  return (await tab.page.getByRole('link', { name }).getAttribute('href'))?.slice(1) ?? '';
}

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
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
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
    const menu = await tab.page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allTextContents();
    expect(menu).not.toContain('Tenants');
    for (const place of ['/', '/lanes', '/messages', '/accounts', '/reports', '/suppressions', '/sandbox', '/audit']) {
      await tab.go(place);
      expect(await tab.page.getByRole('alert').count()).toBe(0);
      expect(await tab.page.locator('body').textContent()).not.toMatch(/globex|initech/i);
    }
    await tab.go('/tenants');
    await tab.page.getByText('This page does not exist').waitFor();
  });
});

describe('how it goes', () => {
  test('is shown live and over time, and all sending is stopped and started', async () => {
    await using tab = await dashboard.open(dashboard.server.adminToken);
    const { page } = tab;
    const charts = page.getByRole('img', { name: /^Messages / });
    await expect.poll(() => charts.locator('canvas').count()).toBe(2);
    expect(await charts.nth(1).getAttribute('aria-label')).toMatch(/in all \d\d accepted, \d\d sent/);
    const waiting = page.locator('.tile', { hasText: 'Waiting' }).locator('dd');
    const before = Number(await waiting.textContent());
    await dashboard.server.engine.execute('messages.create', {
      ...{
        tenant_id: 'acme',
        id: 'later-1',
        from: 'a@acme.example',
        to: 'b@example.org',
        subject: 'Later',
        text: 'Hi',
      },
      send_at: new Date(Date.now() + 86_400_000).toISOString(),
    });
    await expect.poll(async () => Number(await waiting.textContent()), { timeout: 20_000 }).toBe(before + 1);
    await page.getByRole('button', { name: 'Pause sending' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause sending' }).click();
    await page.getByText('All sending is paused', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Resume sending' }).click();
    await page.getByRole('button', { name: 'Pause sending' }).waitFor();
    expect(tab.complaints).toEqual([]);
  });

  test('of each lane: its state, why it waits, the limits it used', async () => {
    await using tab = await dashboard.open(dashboard.server.acmeKey);
    await tab.go('/lanes');
    const lane = (name: string) => tab.page.getByRole('row', { name });
    expect(await lane('newsletter').textContent()).toMatch(/waiting.*A limit is used up.*10 of 10 an hour/);
    expect(await lane('branch-office').textContent()).toMatch(/paused.*The account is paused.*wrong user or password/);
    await tab.page.getByLabel('State').selectOption('Paused');
    await expect.poll(() => tab.page.locator('tbody tr').count()).toBe(1);
  });

  test('of an account: its limits and its pause; it is verified and goes on', async () => {
    await using tab = await dashboard.open(dashboard.server.acmeKey);
    const { page } = tab;
    await tab.go('/accounts');
    await page.getByRole('link', { name: 'branch-office' }).click();
    await page.getByText('Paused', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText('does not work').waitFor();
    expect(await page.getByLabel('Transcript').textContent()).toContain('535');
    await tab.go('/accounts');
    await page.getByRole('link', { name: 'transactional' }).click();
    await page.getByText(/of 20,000 a day/).waitFor();
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText('works', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Pause' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('the provider moves');
    await dialog.getByLabel('Until').fill('2099-01-31T09:00');
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused by hand', { exact: true }).waitFor();
    const account = () =>
      dashboard.server.engine.execute('accounts.get', { tenant_id: 'acme', account_id: 'transactional' });
    expect(await account()).toMatchObject({
      pause_kind: 'manual',
      paused_until: await page.evaluate(() => new Date('2099-01-31T09:00').toISOString()),
      pause_reason: { reply: 'the provider moves' },
    });
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    await tab.go('/lanes');
    const lane = page.getByRole('row', { name: 'transactional' });
    await expect.poll(() => lane.textContent()).toMatch(/paused.*by hand, the provider moves/);
    await lane.getByRole('link', { name: 'transactional' }).click();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    expect(await account()).toMatchObject({ pause_kind: null });
    expect(tab.complaints).toEqual([]);
  });
});

describe('messages', () => {
  test('are searched by what the address of the page keeps', async () => {
    await using tab = await dashboard.open(dashboard.server.adminToken);
    const { page } = tab;
    await tab.go('/messages');
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

  test('are searched by domain, by time and by a part of the subject', async () => {
    await using tab = await dashboard.open(dashboard.server.acmeKey);
    const { page } = tab;
    const found = () => page.locator('tbody th').allTextContents();
    await tab.go('/messages?domain=example.com&standing=result:sent');
    expect(await found()).toHaveLength(10);
    await tab.go('/messages');
    await page.getByLabel('Subject').fill('ORDER 4705');
    await page.keyboard.press('Enter');
    await expect.poll(found).toEqual(['order-4705']);
    expect(await page.locator('.section-head').textContent()).toContain('all that there are were looked at');
    await tab.go('/messages');
    await page.getByLabel('Accepted before').fill('2020-01-01T00:00');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('No message matches all of that.').waitFor();
  });

  test('say what became of each recipient, why they wait, and what was said', async () => {
    await using tab = await dashboard.open(dashboard.server.acmeKey);
    const { page } = tab;
    await tab.go('/messages/invoice-2002');
    await page.getByText('partially sent').first().waitFor();
    const rows = await page.locator('tbody tr').allTextContents();
    expect(rows.find((row) => row.startsWith('nobody.else@example.org'))).toContain('550 5.1.1');
    expect(rows.find((row) => row.startsWith('ada@example.org'))).toContain('sent');
    expect(await page.getByLabel('Transcript of the last attempt').textContent()).toContain(
      'RCPT TO:<nobody.else@example.org>',
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

describe('a sandbox', () => {
  test('shows what it captured, and nothing of that runs', async () => {
    await using tab = await dashboard.open(dashboard.server.acmeKey);
    const { page } = tab;
    await tab.go('/sandbox');
    expect(await page.locator('tbody tr').count()).toBe(2);
    await page.getByLabel('Recipient').fill('eve@example.org');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'You won' }).click();
    const mail = page.frameLocator('iframe').frameLocator('iframe');
    expect(await colourOf(mail.locator('#styled'))).toBe('rgb(1, 2, 3)');
    await mail.locator('#link').click();
    expect(await page.title()).toBe('You won · mail-proxy');
    await page.getByRole('button', { name: 'Headers' }).click();
    expect(await page.getByLabel('Headers').textContent()).toContain('Subject: You won');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    expect((await saved).suggestedFilename()).toMatch(/\.eml$/);
    expect(tab.elsewhere).toEqual([]);
  });

  test('is all that a test key sees', async () => {
    await using tab = await dashboard.open(dashboard.server.testKey);
    const menu = tab.page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
    expect(await menu.allTextContents()).toEqual(['Messages', 'Accounts', 'Sandbox']);
    await arrived(tab.page);
    expect(await tab.page.locator('tbody th').allTextContents()).toEqual([
      ...['captured-refused', 'captured-hostile', 'captured-order'],
    ]);
    await tab.go('/accounts');
    expect(await tab.page.locator('tbody th').allTextContents()).toEqual(['sandbox']);
    expect(tab.complaints).toEqual([]);
  });
});

describe('what tenants are told, and who may be written to', () => {
  test('calls of the endpoint are listed, and events are told again', async () => {
    await using tab = await dashboard.open(dashboard.server.adminToken);
    const { page } = tab;
    await tab.go('/reports?tenant=acme');
    await page.getByRole('row', { name: '200' }).first().waitFor();
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByLabel('Message id').fill('order-4711');
    await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click();
    await page.getByText(/^[1-9]\d* events are told again\.$/).waitFor();
    expect(tab.complaints).toEqual([]);
  });

  test('an address is suppressed and taken off', async () => {
    await using tab = await dashboard.open(dashboard.server.acmeKey);
    const { page } = tab;
    await tab.go('/suppressions');
    await page.getByRole('row', { name: '@stale.example' }).waitFor();
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('textbox', { name: 'Address' }).fill('zoe@example.org');
    await page.getByRole('dialog').getByRole('button', { name: 'Suppress' }).click();
    await page.getByRole('row', { name: 'zoe@example.org' }).waitFor();
    await page.getByRole('button', { name: 'Take off: zoe@example.org' }).click();
    await page.getByRole('row', { name: 'zoe@example.org' }).waitFor({ state: 'detached' });
  });

  test('a tenant is suspended and goes on, and the audit says who did it', async () => {
    await using tab = await dashboard.open(dashboard.server.adminToken);
    const { page } = tab;
    await tab.go('/tenants/globex');
    await page.getByRole('button', { name: 'Suspend' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
    await page.getByRole('button', { name: 'Activate' }).click();
    await page.getByRole('button', { name: 'Suspend' }).waitFor();
    await tab.go('/audit?operation=tenants.activate');
    const rows = await page.locator('tbody tr').allTextContents();
    expect(rows).toEqual([expect.stringMatching(/tenants\.activate.*ok.*admin.*globex/)]);
  });
});

test('the keyboard alone is enough', async () => {
  await using tab = await dashboard.open(null);
  const { page } = tab;
  await tabTo(page, 'Token');
  await page.keyboard.type(dashboard.server.acmeKey);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await tabTo(page, 'Messages');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await focusOf(page)).name).toBe('Messages');
  await tabTo(page, 'Recipient');
  await page.keyboard.type('grace@example.org');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('tbody tr').count()).toBe(3);
  await tabTo(page, 'statement-2');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'statement-2', exact: true }).waitFor();
  await tabTo(page, 'Cancel message');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await tabTo(page, 'Cancel');
  await page.keyboard.press('Escape');
  await expect.poll(async () => (await focusOf(page)).name).toBe('Cancel message');
});

describe('every page', () => {
  const PLACES = [
    ...['/overview', '/lanes', '/messages', '/messages/order-4711', '/messages/branch-2', '/accounts', '/sandbox'],
    ...['/tenants', '/tenants/acme', '/reports', '/reports?tenant=acme', '/suppressions', '/audit', '/nowhere'],
  ];

  test.each([
    { width: 1_360, height: 850, isDarkToo: true },
    // Here the tables are wider than their places.
    { width: 800, height: 600 },
    { width: 360, height: 740 },
  ])('can be read by anybody, $width wide', { timeout: 120_000 }, async ({ isDarkToo = false, ...viewport }) => {
    await using tab = await dashboard.open(dashboard.server.adminToken, { viewport });
    const { page } = tab;
    const found: unknown[] = [];
    const account = await placeOf(tab, '/accounts', 'branch-office');
    const mail = await placeOf(tab, '/sandbox', 'Your order 4712 is on its way');
    for (const place of [...PLACES, account, mail]) {
      await tab.go(place);
      found.push(...(await barriers(page)).map((barrier) => ({ place, ...barrier })));
      // Its colors are the same at each width.
      if (isDarkToo) {
        await page.emulateMedia({ colorScheme: 'dark' });
        found.push(...(await contrastBarriers(page)).map((barrier) => ({ place, theme: 'dark', ...barrier })));
        await page.emulateMedia({ colorScheme: 'light' });
      }
      const isWider = Number(await page.evaluate('document.documentElement.scrollWidth')) > viewport.width;
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
