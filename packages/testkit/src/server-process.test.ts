// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { spawnServer } from './server-process.ts';
import { tempDir } from './temp-dir.ts';

/** An entry file in place of the real server. */
function standIn(dir: { file(name: string): string }, source: string): string {
  const entry = dir.file('main.mjs');
  writeFileSync(entry, source);
  return entry;
}

const LISTENING = `console.log(JSON.stringify({ level: 30, msg: 'listening on http://127.0.0.1:4711', env: process.env }));`;

describe('server process', () => {
  test('resolves with the URL of its line, and runs in the environment it was given', async () => {
    using dir = tempDir();
    const entry = standIn(dir, `console.log('starting'); ${LISTENING} setInterval(() => {}, 1000);`);
    process.env['GMP_STRAY'] = 'x';
    await using server = await spawnServer({ entry, env: { GMP_PORT: '0' }, cwd: dir.path });
    delete process.env['GMP_STRAY'];
    expect(server.url).toBe('http://127.0.0.1:4711');
    expect(server.stdout()).toContain('"GMP_PORT":"0"');
    expect(server.stdout()).not.toContain('GMP_STRAY');
    server.kill('SIGKILL');
    expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('one that ends before it listens rejects with what it wrote', async () => {
    using dir = tempDir();
    const entry = standIn(dir, `console.error('no such setting'); process.exitCode = 3;`);
    await expect(spawnServer({ entry })).rejects.toThrow(/ended before it listened \(3\)\s+no such setting/);
  });

  test('disposing kills one that does not obey SIGTERM', async () => {
    using dir = tempDir();
    const entry = standIn(dir, `process.on('SIGTERM', () => {}); ${LISTENING} setInterval(() => {}, 1000);`);
    const server = await spawnServer({ entry, stopTimeoutMs: 10 });
    await server[Symbol.asyncDispose]();
    expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
