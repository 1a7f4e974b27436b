// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { destinationRules } from '../outgoing/destination.ts';
import { checkReference, type ReferenceContext, type ReferenceToCheck } from './check-reference.ts';

const CONTEXT: ReferenceContext = {
  tenantId: 'acme',
  roots: ['/srv/files/{tenant}', '/srv/shared/'],
  rules: destinationRules({}),
  hasEndpoint: true,
  isStorage: (name) => name === 'files',
};

const check = (
  mode: ReferenceToCheck['mode'],
  path: string,
  { isExplicit = true, ...context }: Partial<ReferenceContext> & { readonly isExplicit?: boolean } = {},
) => checkReference({ mode, path, isExplicit }, { ...CONTEXT, ...context });

test('bytes in the message are not looked at', () => {
  expect(check('base64', 'base64:?')).toBeNull();
});

describe('a URL', () => {
  test('of a public server may be fetched, whatever its name resolves to later', () => {
    expect(check('http_url', 'https://files.example/a.pdf?sig=1')).toBeNull();
  });

  test.each([
    ['http://169.254.169.254/latest/meta-data/', /expected an http or https URL .*metadata service/],
    ['http://2130706433/', /127\.0\.0\.1 is a loopback address/],
    ['http://[::ffff:10.0.0.5]/', /is a private address/],
    ['http://localhost/', /a name of this machine/],
    ['https://anna:secret@files.example/', /must not hold credentials/],
    ['file:///etc/passwd', /file is neither http nor https/],
    ['not-a-valid-url', /this is not a URL/],
    ['https://files.example\\@10.0.0.5/', /backslashes/],
  ])('%s is refused', (url, reason) => {
    const message = check('http_url', url);
    expect(message).toMatch(reason);
    expect(message).not.toContain('secret');
  });

  test('of a private server may be fetched where that is allowed', () => {
    const rules = destinationRules({ allowedHosts: ['10.0.0.5'] });
    expect(check('http_url', 'http://10.0.0.5/', { rules })).toBeNull();
  });
});

describe('a file', () => {
  test.each(['/srv/files/acme/a.pdf', '/srv/files/acme/..a/b..', '/srv//shared/./a%2e%2e.pdf'])(
    '%s lies in a folder of the tenant',
    (path) => {
      expect(check('filesystem', path)).toBeNull();
    },
  );

  test.each([
    ['/etc/passwd', "expected a path below one of the tenant's folders"],
    ['/srv/files/other/a.pdf', "expected a path below one of the tenant's folders"],
    ['/srv/files/acme2/a.pdf', "expected a path below one of the tenant's folders"],
    ['/srv/files/{tenant}/a.pdf', "expected a path below one of the tenant's folders"],
    ['/srv/files/acme/../other/a.pdf', 'expected a path without .. in it'],
    ['/srv/files/acme/..', 'expected a path without .. in it'],
    ['/srv/files/acme/a\0.pdf', 'expected a path without NUL'],
    ['a.pdf', 'expected an absolute path'],
    ['', 'expected an absolute path'],
  ])('%j is refused', (path, message) => {
    expect(check('filesystem', path)).toBe(message);
  });

  test('is refused where no folder is configured', () => {
    expect(check('filesystem', '/srv/shared/a.pdf', { roots: [] })).toMatch(/not enabled/);
  });
});

describe('what an endpoint is asked for', () => {
  test('is for the tenant to read, whatever it looks like', () => {
    for (const path of ['doc=1', '../../../../etc/passwd', '[x]', '\0']) expect(check('endpoint', path)).toBeNull();
  });

  test('needs an endpoint of the tenant', () => {
    expect(check('endpoint', 'doc=1', { hasEndpoint: false })).toMatch(/expected a tenant with a client_base_url/);
  });

  test('may name another server, which is checked', () => {
    expect(check('endpoint', '[https://files.example/get]doc=1', { hasEndpoint: false })).toBeNull();
    expect(check('endpoint', '[http://127.0.0.1/get]doc=1')).toMatch(/loopback/);
  });

  test('names another server only beside an explicit fetch_mode', () => {
    const path = '[https://files.example/get]doc=1';
    expect(check('endpoint', path, { isExplicit: false })).toMatch(/expected fetch_mode endpoint/);
    expect(check('endpoint', 'doc=1', { isExplicit: false })).toBeNull();
  });
});

describe('a file of a storage', () => {
  test.each(['files:a.pdf', 'files:sub/a.pdf', 'files:a:b', 'files:...'])('%s is taken', (path) => {
    expect(check('storage', path)).toBeNull();
  });

  test.each([
    ['files', 'expected the name of a storage, a colon and a path'],
    [':a.pdf', 'expected the name of a storage, a colon and a path'],
    ['other:a.pdf', "expected the name of one of the tenant's storages"],
    ['files:', 'expected a path'],
    ['files:/etc/passwd', 'expected a path that does not begin with /'],
    ['files:\\etc', 'expected a path that does not begin with /'],
    ['files:sub/../../a.pdf', 'expected a path without .. in it'],
    ['files:sub\\..\\a.pdf', 'expected a path without .. in it'],
    ['files:..', 'expected a path without .. in it'],
    ['files:a\0', 'expected a path without NUL'],
  ])('%j is refused', (path, message) => {
    expect(check('storage', path)).toBe(message);
  });
});
