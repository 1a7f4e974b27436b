// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { accessSync, constants } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A browser that tests can start; undefined where there is none. GMP_CHROMIUM names another one. */
export function findBrowser(): string | undefined {
  return [process.env['GMP_CHROMIUM'] ?? '', ...PLACES].find((path) => path !== '' && isProgram(path));
}

/**
 * Why no browser can be started here; null where one can.
 *
 * @throws Error where GMP_REQUIRE_BROWSER=1 says that there has to be one
 */
export function whyNoBrowser(): string | null {
  if (findBrowser() !== undefined) return null;
  const reason = 'no Chromium: install it (apt-get install chromium), or set GMP_CHROMIUM';
  if (process.env['GMP_REQUIRE_BROWSER'] === '1') throw new Error(reason);
  return reason;
}

/** Start it without a window. Whoever starts it closes it. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error('there is no browser');
  return chromium.launch({
    executablePath,
    headless: true,
    // It refuses its own sandbox to root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
      '--disable-gpu',
    ],
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
