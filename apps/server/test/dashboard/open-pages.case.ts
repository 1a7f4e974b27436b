// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startBrowser } from '@mail-proxy/testkit';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { buildDashboard } from './built-dashboard.case.ts';
import { type SeededServer, type SeedOptions, startSeededServer } from './seeded-server.case.ts';

/** A browser before a server that has something of everything. */
export interface Dashboard extends AsyncDisposable {
  readonly server: SeededServer;
  /** Open a tab of its own, logged in with the token; null is before that. */
  open(token: string | null, options?: BrowserContextOptions): Promise<OpenPage>;
}

/** A tab, and what went wrong in it. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, what was thrown, what was refused by a policy. */
  readonly complaints: readonly string[];
  /** What it asked of other servers. */
  readonly elsewhere: readonly string[];
  /** Go to a page by what stands behind the #. */
  go(place: string): Promise<void>;
}

const PATIENCE_MS = 20_000;

export async function openDashboard(options: SeedOptions = {}): Promise<Dashboard> {
  await using opened = new AsyncDisposableStack();
  const [server, browser] = await Promise.all([
    buildDashboard().then((files) => startSeededServer(files, options)),
    startBrowser(),
  ]);
  opened.use(server);
  opened.defer(() => browser.close());
  const resources = opened.move();
  return {
    server,
    async open(token, options = {}) {
      const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Rome', ...options });
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      const seen = await watch(page, server.url);
      await page.goto(`${server.url}/`);
      if (token !== null) {
        await page.getByLabel('Token').fill(token);
        await page.getByRole('button', { name: 'Log in' }).click();
        await page.getByRole('navigation', { name: 'Pages' }).waitFor();
      }
      return {
        page,
        ...seen,
        async go(place) {
          await page.goto(`${server.url}/#${place}`);
          await arrived(page);
        },
        [Symbol.asyncDispose]: () => context.close(),
      };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Nothing is awaited any more. */
export async function arrived(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
}

async function watch(page: Page, url: string): Promise<Pick<OpenPage, 'complaints' | 'elsewhere'>> {
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  // What a policy stops does not come this far.
  await page.context().route(
    ({ href }) => !href.startsWith(`${url}/`),
    (route) => {
      elsewhere.push(route.request().url());
      return route.abort();
    },
  );
  return { complaints, elsewhere };
}
