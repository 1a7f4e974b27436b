// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createMailEngine, restoreDatabase } from '@mail-proxy/core';
import { type TempDir, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { backUp, idsIn, idsOf, openOn, submit } from './backup-world.case.ts';

const CHILD = fileURLToPath(new URL('./restore-child-main.ts', import.meta.url));

async function killedAfter(dir: TempDir, ...step: readonly string[]): Promise<void> {
  const args = [CHILD, dir.file('mail.db'), dir.file('copy.db'), ...step];
  const child = spawn(process.execPath, ['--conditions=mail-proxy-source', ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
}

/** A backup of one message, and the database that went on to have another one. */
async function openDisaster(): Promise<TempDir> {
  const dir = tempDir();
  await using engine = await openOn(dir.file('mail.db'), { port: 1 });
  await submit(engine, 'in-both');
  await backUp(engine, dir.file('copy.db'));
  await submit(engine, 'later');
  return dir;
}

async function isPaused(database: string): Promise<unknown> {
  await using engine = await openOn(database);
  return [await idsOf(engine), await engine.execute('instance.get', {})];
}

describe('a restore that is killed', { timeout: 120_000 }, () => {
  test('before its commit leaves the old database as it was, and can be run again', async () => {
    using dir = await openDisaster();
    await killedAfter(dir, 'prepared');
    expect(await idsIn(dir.file('mail.db'))).toEqual(['in-both', 'later']);
    const config = { database: dir.file('mail.db') };
    const result = await restoreDatabase({ config, file: dir.file('copy.db'), force: true });
    expect(await idsIn(result.replaced ?? '')).toEqual(['in-both', 'later']);
    expect(await isPaused(config.database)).toEqual([['in-both'], expect.objectContaining({ paused: true })]);
    expect(existsSync(dir.file('mail.db.restoring'))).toBe(false);
  });

  test('after its commit lets no server start before it is run again', async () => {
    using dir = await openDisaster();
    await killedAfter(dir, 'committed');
    const config = { database: dir.file('mail.db') };
    await expect(createMailEngine({ config })).rejects.toMatchObject({
      code: 'import_unfinished',
      message: expect.stringContaining('mail-proxy restore'),
    });
    await restoreDatabase({ config, file: dir.file('copy.db'), force: true });
    expect(await isPaused(config.database)).toEqual([['in-both'], expect.objectContaining({ paused: true })]);
  });

  test('in the middle of a damaged database keeps its files together', async () => {
    using dir = await openDisaster();
    const damaged = { '': 'no database any more', '-wal': 'its log' };
    for (const [end, text] of Object.entries(damaged)) writeFileSync(dir.file(`mail.db${end}`), text);
    await killedAfter(dir, 'moved');
    const config = { database: dir.file('mail.db') };
    const { replaced, sinceThen } = await restoreDatabase({ config, file: dir.file('copy.db'), force: true });
    expect(sinceThen).toBeNull();
    for (const [end, text] of Object.entries(damaged)) expect(readFileSync(`${replaced}${end}`, 'utf8')).toBe(text);
    expect(await isPaused(config.database)).toEqual([['in-both'], expect.objectContaining({ paused: true })]);
  });
});
