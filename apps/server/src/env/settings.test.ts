// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { settings } from './settings.ts';

const SETTINGS = new Map(settings().map((setting) => [setting.variable?.name ?? setting.key, setting]));

describe('the default of a setting', () => {
  test.each([
    ['GMP_PORT', '8000', null],
    ['GMP_RETENTION_CONTENT', '30', null],
    // In the unit of the variable.
    ['GMP_SYNC_INTERVAL', '300', null],
    ['GMP_REPORT_REQUIRE_OK', 'true', 'false'],
    ['GMP_RETRY_DELAYS_SECONDS', null, '60,300,900,3600,7200'],
    ['GMP_COMPAT', 'none', null],
    // Of these the schema has no value.
    ['GMP_DB_PATH', null, null],
    ['GMP_MAX_PENDING', null, null],
    ['GMP_ATTACHMENT_ROOTS', null, null],
    ['GMP_PUBLIC_URL', null, null],
    // Keys without a variable.
    ['postgres.connectMs', '10000', null],
    ['mixins', '{}', null],
    ['genro.bounces', null, null],
  ])('of %s is %j, and for old clients %j', (name, initialText, genroText) => {
    expect(SETTINGS.get(name)).toMatchObject({ initialText, genroText });
  });

  test('is none where it depends on the machine', () => {
    expect(SETTINGS.get('GMP_EHLO_NAME')).toMatchObject({ initial: undefined, initialText: null });
    expect(JSON.stringify([...SETTINGS.values()])).not.toContain(JSON.stringify(hostname()));
  });
});

test('a key stands there once with each of its variables, or else alone', () => {
  const ofDatabase = [...SETTINGS].filter(([, { key }]) => key === 'database').map(([name]) => name);
  expect(ofDatabase.toSorted()).toEqual(['GMP_DATABASE_URL', 'GMP_DATABASE_URL_FILE', 'GMP_DB_PATH']);
  expect(SETTINGS.has('delivery.maxSends')).toBe(false);
  expect(SETTINGS.has('delivery.leaseMs')).toBe(true);
});
