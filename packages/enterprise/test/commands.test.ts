// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';

test.each(['bounce', 'pec'])('the command of %s ends well when nobody reads on, as `head` does', async (name) => {
  using dir = tempDir();
  for (let at = 0; at < 500; at++) writeFileSync(dir.file(`${at}.eml`), 'Subject: hello\r\n\r\nhello\r\n');
  const main = fileURLToPath(new URL(`../src/${name}/command/main.ts`, import.meta.url));
  const args = ['--conditions=mail-proxy-source', main, 'read', dir.path, '--json'];
  const command = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const complaint = text(command.stderr);
  await once(command.stdout, 'data');
  command.stdout.destroy();
  const [code] = await once(command, 'exit');
  expect([code, await complaint]).toEqual([0, expect.stringMatching(/^500 mails: .*\n.*\n$/)]);
});
