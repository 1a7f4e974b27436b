// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Environment } from './environment.ts';
import { GENRO_VARIABLES } from './genro-variables.ts';
import { readServerConfig } from './read-config.ts';

const read = (env: Environment) => readServerConfig({ GMP_COMPAT: 'genro', ...env });

test('variables of the original are read as ours', () => {
  const config = read({
    GMP_LOG_LEVEL: 'WARNING',
    GMP_SEND_LOOP_INTERVAL: '0.5',
    GMP_DELIVERY_REPORT_RETENTION_SECONDS: '604800',
    MAIL_PROXY_DB_PATH: '/data/mail_service.db',
    GMP_DEFAULT_PRIORITY: 'high',
    GMP_CLIENT_SYNC_URL: 'http://app.internal/sync',
    GMP_CLIENT_SYNC_USER: 'proxy',
    GMP_CLIENT_SYNC_PASSWORD: 'pw',
    GMP_BOUNCE_ENABLED: 'true',
    GMP_BOUNCE_IMAP_HOST: 'imap.example.com',
    GMP_BOUNCE_IMAP_PORT: '993',
    GMP_BOUNCE_POLL_INTERVAL: '30',
  });
  expect(config).toMatchObject({
    logLevel: 'warn',
    genro: {
      sendDelayMs: 500,
      settings: {
        defaultPriority: 1,
        clientSync: { url: 'http://app.internal/sync', user: 'proxy', password: 'pw' },
        bounces: {
          ...{ bounce_enabled: true, bounce_imap_host: 'imap.example.com', bounce_imap_port: 993 },
          bounce_poll_interval: 30,
        },
      },
    },
    engine: { database: '/data/mail_service.db', retention: { metadata: 'PT10080M' } },
    idleVariables: [],
  });
});

test('ours win over theirs', () => {
  expect(read({ GMP_DEBUG: 'true' }).logLevel).toBe('debug');
  expect(read({ GMP_DEBUG: 'false' }).logLevel).toBe('info');
  expect(read({ GMP_DEBUG: 'true', GMP_LOG_LEVEL: 'ERROR' }).logLevel).toBe('error');
  const both = read({
    GMP_SEND_LOOP_INTERVAL: '3',
    GMP_COMPAT_SEND_DELAY_MS: '7',
    MAIL_PROXY_DB_PATH: '/a',
    GMP_DB_PATH: '/b',
  });
  expect(both).toMatchObject({ genro: { sendDelayMs: 7 }, engine: { database: '/b' } });
});

test('what has no effect is taken and named, and what nobody knows is refused', () => {
  const idle = { GMP_START_ACTIVE: 'true', GMP_TEST_MODE: 'false', GMP_ATTACHMENT_CACHE_TTL: '5', GMP_POOL_SIZE: '5' };
  expect(read(idle).idleVariables.toSorted()).toEqual(Object.keys(idle).toSorted());
  expect(() => read({ GMP_STRAT_ACTIVE: 'true' })).toThrow('unknown variable');
  // Without old clients they are as unknown as any.
  expect(() => readServerConfig({ GMP_POOL_SIZE: '5' })).toThrow('unknown variable');
  expect(() => read({ GMP_DEFAULT_PRIORITY: 'soonish' })).toThrow('genro.defaultPriority: expected 0 to 3');
  expect(() => read({ GMP_CLIENT_SYNC_URL: 'nowhere' })).toThrow('genro.clientSync.url: expected');
});

test('the guide names every one', () => {
  const guide = readFileSync(new URL('../../../../docs/guide/moving-from-genro.md', import.meta.url), 'utf8');
  expect(GENRO_VARIABLES.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
});
