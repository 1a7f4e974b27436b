// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Asked, openAttachments } from '../attachments-world.case.ts';
import { openFiles } from '../files/files-world.case.ts';

const file = (path: string, tenantId = 'acme'): Asked => ({ mode: 'filesystem', path, tenantId });

test('a file below a root is fetched', async () => {
  using files = openFiles();
  const path = files.write('a.pdf', 'content');
  await using world = openAttachments({ roots: [files.inside] });
  expect(await world.text(file(path))).toBe('content');
  expect(await world.text(file(`${files.inside}//./a.pdf`))).toBe('content');
});

test('no file is fetched where there is no root', async () => {
  using files = openFiles();
  await using world = openAttachments();
  expect(await world.failure(file(files.write('a.pdf', 'content')))).toMatchObject({ code: 'not_allowed' });
});

describe('a root with the tenant in it', () => {
  test('keeps tenants apart, also where a link leads to another', async () => {
    using files = openFiles();
    for (const tenant of ['acme', 'other']) {
      mkdirSync(`${files.inside}/${tenant}`);
      writeFileSync(`${files.inside}/${tenant}/a.pdf`, `of ${tenant}`);
    }
    files.link('acme/link.pdf', '../other/a.pdf');
    await using world = openAttachments({ roots: [`${files.inside}/{tenant}`] });
    for (const tenant of ['acme', 'other']) {
      expect(await world.text(file(`${files.inside}/${tenant}/a.pdf`, tenant))).toBe(`of ${tenant}`);
    }
    for (const path of ['other/a.pdf', 'acme/../other/a.pdf', 'acme/link.pdf', '{tenant}/a.pdf']) {
      expect(await world.failure(file(`${files.inside}/${path}`)), path).toMatchObject({
        code: 'not_allowed',
        permanence: 'permanent',
      });
    }
  });

  test('is not there for a tenant without a folder, which may come', async () => {
    using files = openFiles();
    await using world = openAttachments({ roots: [`${files.inside}/{tenant}`] });
    expect(await world.failure(file(`${files.inside}/acme/a.pdf`))).toMatchObject({
      code: 'unavailable',
      permanence: 'temporary',
    });
  });
});

test('what cannot be read fails for good, and its reason names the attachment alone', async () => {
  using files = openFiles();
  files.write('%2e%2e', 'not a way up');
  await using world = openAttachments({ roots: [files.inside] });
  const cases = [
    ['missing.pdf', 'not_found', 'there is no such file'],
    ['%2e%2e/outside/secret', 'not_found', 'there is no such file'],
    ['..%2foutside%2fsecret', 'not_found', 'there is no such file'],
    ['../outside/secret', 'not_allowed', 'expected a path without .. in it'],
    ['a\0/../secret', 'not_allowed', 'expected a path without NUL'],
    [`../../../../../../${files.secret}`, 'not_allowed', 'expected a path without .. in it'],
  ] as const;
  for (const [name, code, reason] of cases) {
    expect(await world.failure(file(`${files.inside}/${name}`)), name).toMatchObject({
      code,
      permanence: 'permanent',
      reason: `attachment report.pdf: ${reason}`,
    });
  }
  for (const path of [files.secret, 'secret', '/proc/self/environ', '', `file://${files.inside}/%2e%2e`]) {
    expect(await world.failure(file(path)), path).toMatchObject({ code: 'not_allowed' });
  }
  for (const path of [files.folder('sub'), files.fifo('fifo'), files.link('link', '/dev/zero')]) {
    expect(await world.failure(file(path)), path).toMatchObject({ code: 'not_allowed' });
  }
});

test('a file that is too large is not begun with', async () => {
  using files = openFiles();
  const path = files.write('a.pdf', Buffer.alloc(1_001));
  await using world = openAttachments({ roots: [files.inside], maxBytes: 1_000 });
  expect(await world.failure(file(path))).toMatchObject({ code: 'too_large', permanence: 'permanent' });
});

test('a large file comes as it is', async () => {
  using files = openFiles();
  const path = files.write('a.txt', 'x'.repeat(900_000));
  await using world = openAttachments({ roots: [files.inside] });
  expect(await world.text(file(path))).toBe('x'.repeat(900_000));
});
