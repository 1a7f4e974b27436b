// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Takes the pictures in docs/images anew: node --conditions=mail-proxy-source .../screenshots-main.ts
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { tempDir } from '@mail-proxy/testkit';
import { type OpenPage, openDashboard } from './open-pages.case.ts';

const FOLDER = fileURLToPath(new URL('../../../../docs/images/', import.meta.url));
const DESK = { width: 1_280, height: 800 };
const PHONE = { width: 390, height: 780 };

const PICTURES = [
  { name: 'overview', place: '/overview', options: { viewport: { width: 1_280, height: 960 } } },
  { name: 'messages', place: '/messages', options: { viewport: DESK } },
  { name: 'message', place: '/messages/order-4711', options: { viewport: { width: 1_280, height: 1_000 } } },
  { name: 'phone', place: '/lanes', options: { viewport: PHONE, deviceScaleFactor: 2 } },
  { name: 'dark', place: '/lanes', options: { viewport: DESK, colorScheme: 'dark' } },
] as const;

using dir = tempDir();
const database = join(dir.path, 'mail.db');
await using dashboard = await openDashboard({ database });
addHour(database);
for (const { name, place, options } of PICTURES) {
  await using tab = await dashboard.open(dashboard.server.adminToken, options);
  await tab.go(place);
  await drawn(tab, place);
  await tab.page.screenshot({ path: join(FOLDER, `dashboard-${name}.png`) });
}

/** Charts and the mail in its frame. */
async function drawn({ page }: OpenPage, place: string): Promise<void> {
  if (place === '/overview') await page.locator('canvas').nth(1).waitFor();
  if (place.startsWith('/messages/')) await page.frameLocator('iframe').frameLocator('iframe').locator('h1').waitFor();
}

/** What another instance would have written in the hour before. */
function addHour(file: string): void {
  using db = new DatabaseSync(file);
  const insert = db.prepare(
    `insert into traffic_minutes (at, session, accepted, sent, failed, deferred, bounced, reported)
     values (?, 0, ?, ?, ?, ?, 0, ?)`,
  );
  const thisMinute = Math.floor(Date.now() / 60_000) * 60_000;
  // How much waited at the end of the minute that is so long ago.
  const depth = (ago: number): number => Math.round((90 + 60 * Math.sin(ago / 6)) * Math.min(1, (ago - 1) / 6));
  for (let ago = 1; ago < 60; ago++) {
    const accepted = Math.round(120 + 45 * Math.sin(ago / 7) + ((ago * 7) % 11));
    const failed = ago % 4 === 0 ? 3 : 1;
    const sent = accepted - failed - depth(ago) + depth(ago + 1);
    insert.run(thisMinute - ago * 60_000, accepted, sent, failed, ago % 9 === 0 ? 14 : ago % 3, sent);
  }
}
