// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createSecretKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { isMailProxyError } from '@mail-proxy/core';
import { tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import type { Environment } from './environment.ts';
import { readServerConfig } from './read-config.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 9).toString('base64');

/** Every problem as `name: what is wrong`. */
function problemsOf(env: Environment): readonly string[] {
  try {
    readServerConfig(env);
  } catch (error) {
    if (!isMailProxyError(error, 'invalid_config')) throw error;
    expect(error.message.split('\n')).toHaveLength(error.problems.length);
    return error.problems.map(({ pointer, message }) => `${pointer}: ${message}`);
  }
  return [];
}

describe('the configuration', () => {
  test('has a default for everything', () => {
    const config = readServerConfig({ PATH: '/bin', HOME: '/root' });
    expect(config).toMatchObject({ host: '127.0.0.1', port: 8000, maxBodyBytes: 12_582_912, logLevel: 'info' });
    expect(config).toMatchObject({ edition: 'auto', metricsListen: null });
    expect(config.engine.database).toBe(join(config.dataDir, 'mail-proxy.db'));
    expect(config.engine.adminToken).toBeUndefined();
  });

  test('takes every kind of value from the environment', () => {
    const config = readServerConfig({
      GMP_HOST: '::',
      GMP_PORT: '0',
      GMP_API_TOKEN: 'a-token-of-enough-length',
      GMP_METRICS_LISTEN: '[::1]:9090',
      GMP_SYNC_INTERVAL: '60',
      GMP_RETRY_MAX_AGE_SECONDS: '86400',
      GMP_RETRY_FACTOR: '1.5',
      GMP_MAX_SENDS: '7',
      GMP_SMTP_DOT_TIMEOUT_MS: '90000',
      MAIL_PROXY_ENCRYPTION_KEY: KEY,
      GMP_INSTANCE_NAME: 'east',
    });
    expect(config).toMatchObject({ host: '::', port: 0, metricsListen: { host: '::1', port: 9090 } });
    expect(config.engine).toMatchObject({
      adminToken: 'a-token-of-enough-length',
      encryptionKey: createSecretKey(Buffer.from(KEY, 'base64')),
      instanceName: 'east',
      reports: { intervalMs: 60_000 },
      retry: { maxAgeMs: 86_400_000, factor: 1.5 },
      delivery: { maxSends: 7, dotMs: 90_000 },
    });
  });

  test('is as it was for old clients, unless a setting says otherwise', () => {
    expect(readServerConfig({}).genro).toBeNull();
    expect(readServerConfig({}).engine).toMatchObject({
      reports: { requireOk: true },
      limits: { wrongTokensPerMinute: 20 },
    });
    const old = readServerConfig({ GMP_COMPAT: 'genro', GMP_API_TOKEN: 'short-one' });
    expect(old.genro).toEqual({ sendDelayMs: 500, settings: { openMetrics: false, tenantKeys: 'own' } });
    expect(old.engine).toMatchObject({
      adminToken: 'short-one',
      retry: { delaysMs: [60_000, 300_000, 900_000, 3_600_000, 7_200_000] },
      reports: { requireOk: false, intervalMs: 300_000 },
      limits: { wrongTokensPerMinute: 600, maxBatch: 1_000 },
    });
    const other = readServerConfig({
      GMP_COMPAT: 'genro',
      GMP_COMPAT_SEND_DELAY_MS: '0',
      GMP_RETRY_BASE_MS: '1000',
      GMP_REPORT_REQUIRE_OK: 'true',
      GMP_WRONG_TOKENS_PER_MINUTE: '5',
    });
    expect(other.genro).toMatchObject({ sendDelayMs: 0 });
    expect(other.engine).toMatchObject({
      retry: { baseMs: 1_000 },
      reports: { requireOk: true },
      limits: { wrongTokensPerMinute: 5 },
    });
    expect(problemsOf({ GMP_COMPAT: 'genro', GMP_API_TOKEN: 'seven-7' })).toEqual([
      'GMP_API_TOKEN: expected at least 8 characters',
    ]);
    expect(problemsOf({ GMP_API_TOKEN: 'short-one' })).toEqual(['GMP_API_TOKEN: expected at least 16 characters']);
    expect(problemsOf({ GMP_COMPAT: 'other' })).toEqual(['GMP_COMPAT: expected none or genro']);
  });

  test('takes where HTTP requests may go from the environment, nowhere private by default', () => {
    expect(readServerConfig({}).engine.outgoing).toEqual({ allowPrivateNetworks: false, allowedHosts: [] });
    const { engine } = readServerConfig({
      GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS: 'True',
      GMP_OUTGOING_ALLOWED_HOSTS: 'app.internal, 10.0.0.5,',
    });
    expect(engine.outgoing).toEqual({ allowPrivateNetworks: true, allowedHosts: ['app.internal', '10.0.0.5'] });
    expect(problemsOf({ GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS: 'yes' })).toEqual([
      'GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS: expected true or false',
    ]);
    for (const host of ['http://app.internal', 'app.internal:8080', '10.0.0.0/8', '*.internal']) {
      expect(problemsOf({ GMP_OUTGOING_ALLOWED_HOSTS: `fd12::1,${host}` })).toEqual([
        'GMP_OUTGOING_ALLOWED_HOSTS: expected a name or an address, without scheme, port, mask or pattern',
      ]);
    }
  });

  test('takes the limits of connections and pauses, and a list of delays, from the environment', () => {
    const { engine } = readServerConfig({
      GMP_MAX_CONNECTIONS: '40',
      GMP_MAX_CONNECTIONS_PER_HOST: '8',
      GMP_ACCOUNT_PAUSE_MS: '1000',
      GMP_ACCOUNT_PAUSE_MAX_MS: '8000',
      GMP_EXPIRY_SWEEP_MS: '500',
      GMP_RETRY_DELAYS_SECONDS: '60, 600,3600',
      GMP_RETRY_MAX_ATTEMPTS: '3',
    });
    expect(engine.delivery).toMatchObject({
      maxConnections: 40,
      maxConnectionsPerHost: 8,
      accountPauseMs: 1_000,
      accountPauseMaxMs: 8_000,
      expirySweepMs: 500,
    });
    expect(engine.retry).toMatchObject({ delaysMs: [60_000, 600_000, 3_600_000], maxAttempts: 3 });
  });

  test('takes settings of mixins from the file and the environment, and hands them on unread', () => {
    expect(readServerConfig({}).mixins).toEqual({});
    using dir = tempDir();
    const [file, anchors] = [dir.file('c.json'), dir.file('anchors.pem')];
    writeFileSync(file, '{"mixins": {"imap": {"maxConnections": 50}, "pec": {"maxMailBytes": 2000000}}}');
    writeFileSync(anchors, 'certificates\n');
    expect(readServerConfig({ GMP_CONFIG_FILE: file, GMP_PEC_TRUST_ANCHORS_FILE: anchors }).mixins).toEqual({
      imap: { maxConnections: 50 },
      pec: { maxMailBytes: 2_000_000, trustAnchors: 'certificates' },
    });
    writeFileSync(file, '{"mixins": {"imap": 5}}');
    expect(problemsOf({ GMP_CONFIG_FILE: file })).toEqual([`${file}: mixins.imap: expected an object`]);
  });

  test('takes where links in mails lead to, and how many may be followed at once', () => {
    expect(readServerConfig({}).publicRoutes).toEqual({ maxOpen: 200, maxOpenPerClient: 20 });
    const { mixins, publicRoutes } = readServerConfig({
      GMP_PUBLIC_URL: 'https://mail.example.com',
      GMP_PUBLIC_MAX_OPEN: '500',
    });
    expect(mixins).toEqual({ 'large-attachments': { publicUrl: 'https://mail.example.com' } });
    expect(publicRoutes).toEqual({ maxOpen: 500, maxOpenPerClient: 20 });
    expect(problemsOf({ GMP_PUBLIC_MAX_OPEN_PER_CLIENT: '0' })).toEqual([
      'GMP_PUBLIC_MAX_OPEN_PER_CLIENT: expected at least 1',
    ]);
  });

  test('takes the cache of attachments from the environment, without a folder by default', () => {
    const { cache } = readServerConfig({}).engine;
    expect(cache).toEqual({
      memoryMaxMb: 50,
      memoryTtlSeconds: 300,
      diskMaxMb: 500,
      diskTtlSeconds: 3_600,
      diskThresholdKb: 100,
    });
    const { engine } = readServerConfig({
      GMP_CACHE_MEMORY_MAX_MB: '10',
      GMP_CACHE_MEMORY_TTL_SECONDS: '60',
      GMP_CACHE_DISK_DIR: '/var/cache/mail-proxy',
      GMP_CACHE_DISK_MAX_MB: '2000',
      GMP_CACHE_DISK_TTL_SECONDS: '7200',
      GMP_CACHE_DISK_THRESHOLD_KB: '256',
    });
    expect(engine.cache).toEqual({
      memoryMaxMb: 10,
      memoryTtlSeconds: 60,
      diskDir: '/var/cache/mail-proxy',
      diskMaxMb: 2_000,
      diskTtlSeconds: 7_200,
      diskThresholdKb: 256,
    });
    expect(problemsOf({ GMP_CACHE_DISK_MAX_MB: '0.5', GMP_CACHE_DISK_TTL_SECONDS: '0' })).toEqual([
      'GMP_CACHE_DISK_MAX_MB: expected a whole number',
      'GMP_CACHE_DISK_TTL_SECONDS: expected at least 1',
    ]);
  });

  test('takes the retries of the original by their name', () => {
    const { engine } = readServerConfig({ GMP_RETRY_PRESET: 'original' });
    expect(engine.retry?.delaysMs).toEqual([60_000, 300_000, 900_000, 3_600_000, 7_200_000]);
  });

  test('takes secrets from files, without the line end that an editor leaves there', () => {
    using dir = tempDir();
    const fileOf = (name: string, content: string): string => {
      writeFileSync(dir.file(name), content);
      return dir.file(name);
    };
    const { engine } = readServerConfig({
      GMP_HOST: '0.0.0.0',
      GMP_API_TOKEN_FILE: fileOf('api-token', 'a-token-of-enough-length\n'),
      GMP_METRICS_TOKEN_FILE: fileOf('metrics-token', 'another-token-of-length'),
      GMP_DATABASE_URL_FILE: fileOf('database-url', 'postgres://u:p@db/mail\n'),
    });
    expect(engine).toMatchObject({
      adminToken: 'a-token-of-enough-length',
      metricsToken: 'another-token-of-length',
      database: 'postgres://u:p@db/mail',
    });
  });

  test('shows no encryption key to whoever prints it', () => {
    const config = readServerConfig({ GMP_ENCRYPTION_KEY: KEY, GMP_ENCRYPTION_KEYS_PREVIOUS: `${OTHER_KEY},${KEY}` });
    expect(config.engine.encryptionKeysPrevious).toHaveLength(2);
    const shown = inspect(config, { depth: 20, showHidden: true, getters: true }) + JSON.stringify(config);
    for (const key of [KEY, OTHER_KEY]) {
      for (const form of [key, Buffer.from(key, 'base64').toString('hex')]) expect(shown).not.toContain(form);
    }
  });

  test('takes the program that writes the keys as words, or as a JSON list', () => {
    const commandOf = (text: string) =>
      readServerConfig({ GMP_ENCRYPTION_KEY_COMMAND: text }).engine.encryptionKeyCommand;
    expect(commandOf(' cat  /run/keys ')).toEqual(['cat', '/run/keys']);
    expect(commandOf('["cat", "/run/my keys"]')).toEqual(['cat', '/run/my keys']);
    expect(problemsOf({ GMP_ENCRYPTION_KEY_COMMAND: '["cat"' })).toEqual([
      'GMP_ENCRYPTION_KEY_COMMAND: expected a program and its arguments, as a list of texts',
    ]);
  });

  test('takes an empty variable as not given', () => {
    expect(readServerConfig({ GMP_PORT: '', GMP_DATABASE_URL: '', GMP_CONFIG_FILE: '' }).port).toBe(8000);
  });

  test('with PostgreSQL keeps the key of the secrets in the data folder', () => {
    const { engine, dataDir } = readServerConfig({ GMP_DATABASE_URL: 'postgres://u:p@db/mail' });
    expect(engine).toMatchObject({
      database: 'postgres://u:p@db/mail',
      encryptionKeyFile: join(dataDir, 'encryption.key'),
    });
  });

  test('of a file lies below the environment', () => {
    using dir = tempDir();
    const file = dir.file('mail-proxy.json');
    writeFileSync(file, JSON.stringify({ port: 1, logLevel: 'warn', delivery: { maxSends: 3, idleMs: 5 } }));
    const config = readServerConfig({ GMP_CONFIG_FILE: file, GMP_PORT: '2', GMP_MAX_SENDS: '4' });
    expect(config).toMatchObject({ port: 2, logLevel: 'warn' });
    expect(config.engine.delivery).toMatchObject({ maxSends: 4, idleMs: 5 });
  });
});

describe('what is wrong', () => {
  test('is listed at once, each by its name, and no value is repeated', () => {
    const problems = problemsOf({
      GMP_PORT: 'swordfish',
      GMP_LOG_LEVEL: 'swordfish',
      GMP_API_TOKEN: 'swordfish',
      GMP_ENCRYPTION_KEY: 'swordfish',
      GMP_MAX_SENDS: '0',
      GMP_METRICS_LISTEN: 'swordfish',
      GMP_DATABASE_URL: 'mysql://swordfish',
      GMP_EDITION: 'swordfish',
    });
    expect(problems.map((problem) => problem.split(':')[0]).toSorted()).toEqual([
      'GMP_API_TOKEN',
      'GMP_DATABASE_URL',
      'GMP_EDITION',
      'GMP_ENCRYPTION_KEY',
      'GMP_LOG_LEVEL',
      'GMP_MAX_SENDS',
      'GMP_METRICS_LISTEN',
      'GMP_PORT',
    ]);
    expect(problems.join()).not.toContain('swordfish');
  });

  test('a mistyped variable is refused with the nearest one', () => {
    expect(problemsOf({ GMP_API_TOKN: 'x', GMP_XYZZY: 'x', GMP_TEST_DATABASE_URL: 'x' })).toEqual([
      'GMP_API_TOKN: unknown variable; did you mean GMP_API_TOKEN?',
      'GMP_XYZZY: unknown variable',
    ]);
  });

  test('an unknown key of the file is refused with the nearest one', () => {
    using dir = tempDir();
    const file = dir.file('c.json');
    writeFileSync(file, '{"prot": 1, "delivery": {"maxSend": 2}, "retry": 5}');
    expect(problemsOf({ GMP_CONFIG_FILE: file, GMP_RETRY_BASE_MS: '5' })).toEqual([
      `${file}: delivery.maxSend: unknown key; did you mean delivery.maxSends?`,
      `${file}: retry: expected object`,
      `${file}: prot: unknown key; did you mean port?`,
    ]);
  });

  test.each([
    ['is absent', undefined, 'cannot be read (ENOENT)'],
    ['is no JSON', '{"adminToken": swordfish}', 'is not valid JSON'],
    ['is a list', '[]', 'expected a JSON object'],
  ])('a file that %s', (_, content, message) => {
    using dir = tempDir();
    const file = dir.file('c.json');
    if (content !== undefined) writeFileSync(file, content);
    expect(problemsOf({ GMP_CONFIG_FILE: file })).toEqual([`GMP_CONFIG_FILE=${file}: ${message}`]);
  });

  test('settings that exclude each other are named by the variables that say them, or by the file', () => {
    expect(problemsOf({ GMP_RETRY_PRESET: 'original', GMP_RETRY_BASE_MS: '5' })).toEqual([
      'GMP_RETRY_PRESET, GMP_RETRY_BASE_MS: expected a preset, or baseMs and factor, not both',
    ]);
    using dir = tempDir();
    const file = dir.file('c.json');
    writeFileSync(file, '{"retry": {"preset": "original"}}');
    expect(problemsOf({ GMP_CONFIG_FILE: file, GMP_RETRY_DELAYS_SECONDS: '60' })).toEqual([
      `${file}: retry: expected a preset or delaysMs, not both`,
    ]);
  });

  test.each([
    ['words', 'often'],
    ['another separator', '60;600'],
    ['an empty place', '60,,600'],
    ['no time at all', '0'],
    ['too many', Array.from({ length: 101 }, () => '1').join()],
  ])('delays of %s are refused by the name of the variable', (_, delays) => {
    expect(problemsOf({ GMP_RETRY_DELAYS_SECONDS: delays })).toEqual([
      expect.stringMatching(/^GMP_RETRY_DELAYS_SECONDS: expected/),
    ]);
  });

  test.each([
    ['is absent', undefined, 'the file cannot be read (ENOENT)'],
    ['is empty', '\n', 'expected at least 16 characters'],
    ['holds too little', 'swordfish', 'expected at least 16 characters'],
  ])('a file of the token that %s is named by its variable', (_, content, message) => {
    using dir = tempDir();
    const file = dir.file('token');
    if (content !== undefined) writeFileSync(file, content);
    expect(problemsOf({ GMP_API_TOKEN_FILE: file })).toEqual([`GMP_API_TOKEN_FILE: ${message}`]);
  });

  test('a secret stands in its variable or in a file, not in both', () => {
    using dir = tempDir();
    const file = dir.file('token');
    writeFileSync(file, 'a-token-of-enough-length');
    expect(problemsOf({ GMP_API_TOKEN: 'a-token-of-enough-length', GMP_API_TOKEN_FILE: file })).toEqual([
      'GMP_API_TOKEN_FILE: says the same as GMP_API_TOKEN, and differs; give one of them',
    ]);
  });

  test('a file of the database address that names no PostgreSQL opens no SQLite file of that name', () => {
    using dir = tempDir();
    const file = dir.file('database-url');
    writeFileSync(file, 'mail.db');
    expect(problemsOf({ GMP_DATABASE_URL_FILE: file })).toEqual([
      'GMP_DATABASE_URL_FILE: expected postgres://...; for a SQLite file set GMP_DB_PATH',
    ]);
  });

  test('two names of one setting must agree', () => {
    expect(problemsOf({ GMP_DB_PATH: 'mail.db', GMP_DATABASE_URL: 'postgres://db/mail' })).toEqual([
      'GMP_DATABASE_URL: says the same as GMP_DB_PATH, and differs; give one of them',
    ]);
    expect(problemsOf({ GMP_ENCRYPTION_KEY: KEY, MAIL_PROXY_ENCRYPTION_KEY: KEY })).toEqual([]);
  });
});

describe('listening beyond this machine', () => {
  test.each(['0.0.0.0', '::', '192.0.2.7', 'mail.example.net', '127.0.0.1.example.net'])(
    '%s needs a token that somebody chose',
    (host) => {
      expect(problemsOf({ GMP_HOST: host })).toEqual([expect.stringMatching(/^GMP_HOST: .*GMP_API_TOKEN/)]);
      expect(problemsOf({ GMP_HOST: host, GMP_API_TOKEN: 'a-token-of-enough-length' })).toEqual([]);
    },
  );

  test.each(['127.0.0.1', '127.8.8.8', 'localhost', '::1'])('%s does not', (host) => {
    expect(problemsOf({ GMP_HOST: host })).toEqual([]);
  });
});
