// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { readWebFiles } from '../../src/dashboard/web-files.ts';
import { serveApp } from '../served-app.case.ts';

const SCRIPT = 'console.log("hello");'.repeat(50);

function built(folder: string): void {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>mail-proxy</title>');
  writeFileSync(join(folder, 'assets', 'index-abc.js'), SCRIPT);
}

test('the page is never kept, its files for ever, and none may do what it does not need', async () => {
  using dir = tempDir();
  built(dir.path);
  await using app = await serveApp({ dashboard: readWebFiles(dir.path) });
  const page = await app.call('GET', '/', { token: null });
  expect([page.status, page.headers.get('content-type'), page.headers.get('cache-control')]).toEqual([
    ...[200, 'text/html; charset=utf-8', 'no-store'],
  ]);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/^default-src 'none'; /);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  const script = await app.call('GET', '/assets/index-abc.js', { token: null });
  expect([script.status, script.text, script.headers.get('cache-control')]).toEqual([
    ...[200, SCRIPT, 'public, max-age=31536000, immutable'],
  ]);
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect((await app.call('GET', '/assets/..%2findex.html', { token: null })).status).toBe(404);
  expect((await app.call('HEAD', '/', { token: null })).status).toBe(200);
});

test('a file goes out compressed to those who can read that', async () => {
  using dir = tempDir();
  built(dir.path);
  const files = readWebFiles(dir.path) ?? expect.unreachable();
  const file = files.assets.get('index-abc.js') ?? expect.unreachable();
  expect(gunzipSync(file.gzipped).toString()).toBe(SCRIPT);
  await using app = await serveApp({ dashboard: files });
  const plain = await fetch(`${app.url}/assets/index-abc.js`, { headers: { 'accept-encoding': 'identity' } });
  expect([plain.headers.get('content-encoding'), plain.headers.get('vary')]).toEqual([null, 'accept-encoding']);
  const small = await fetch(`${app.url}/assets/index-abc.js`, { headers: { 'accept-encoding': 'gzip' } });
  expect([small.headers.get('content-encoding'), await small.text()]).toEqual(['gzip', SCRIPT]);
});

test('the frame for mails may be embedded here only, and runs its own script alone', async () => {
  using dir = tempDir();
  built(dir.path);
  await using app = await serveApp({ dashboard: readWebFiles(dir.path) });
  const frame = await app.call('GET', '/mail-frame', { token: null });
  const policy = frame.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/script-src 'sha256-[^']+';/);
  expect(policy).toContain("frame-ancestors 'self'");
  expect(policy).not.toContain('connect-src');
  expect(frame.text).toContain('<iframe sandbox=""');
});

test('where none was built the root says so, and where none is wanted it leads to the reference', async () => {
  using dir = tempDir();
  expect(readWebFiles(dir.path)).toBeNull();
  await using without = await serveApp({ dashboard: null });
  const hint = await without.call('GET', '/', { token: null });
  expect([hint.status, hint.json.detail]).toEqual([200, expect.stringContaining('/docs')]);
  await using off = await serveApp();
  const led = await off.call('GET', '/', { token: null });
  expect([led.status, led.headers.get('location')]).toEqual([302, '/docs']);
});
