// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { cpSync } from 'node:fs';
import { createDatabase, tempDir } from '@mail-proxy/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CORE_MIGRATIONS } from '../database/migrations/index.ts';
import { migrate } from '../database/migrations/migrate.ts';
import { openDatabase } from '../database/open.ts';
import { isMailProxyError } from '../errors.ts';
import { accountCases } from './account/account.case.ts';
import { accountStoreCases } from './account/account-store.case.ts';
import { apiKeyCases } from './api-key/api-key.case.ts';
import { commandLogCases } from './command-log/command-log.case.ts';
import { storageCases } from './storage/storage.case.ts';
import { tenantCases } from './tenant/tenant.case.ts';
import { type OpenWorld, openWorld } from './world.case.ts';

function allCases(open: OpenWorld): void {
  describe('tenants', () => tenantCases(open));
  describe('API keys', () => apiKeyCases(open));
  describe('accounts', () => accountCases(open));
  describe('the account store', () => accountStoreCases(open));
  describe('storages', () => storageCases(open));
  describe('the command log', () => commandLogCases(open));
}

async function migrateOnce(url: string): Promise<void> {
  await using database = await openDatabase(url);
  await migrate(database, [CORE_MIGRATIONS], 0);
}

describe('on SQLite', () => {
  const template = tempDir();
  beforeAll(() => migrateOnce(template.file('mail.db')));
  afterAll(() => template[Symbol.dispose]());

  allCases(async () => {
    const dir = tempDir();
    // With the log of what is not in the main file yet, but without the locks.
    cpSync(template.path, dir.path, { recursive: true, filter: (file) => !/\.db-shm$|\.lock$/.test(file) });
    return openWorld(dir.file('mail.db'), async () => dir[Symbol.dispose]());
  });
});

describe.skipIf(inject('pgSkip') !== '')('on PostgreSQL', () => {
  const server = inject('pgUrl') ?? '';
  let template: Awaited<ReturnType<typeof createDatabase>>;
  beforeAll(async () => {
    template = await createDatabase(server);
    await migrateOnce(template.url);
  });
  afterAll(() => template.drop());

  allCases(async () => {
    const own = await createDatabase(server, template.name);
    return openWorld(own.url, () => own.drop());
  });

  test('what two instances add to a tenant and delete of it at once ends one way or the other', async () => {
    await using own = await createDatabase(server, template.name);
    await using here = await openWorld(own.url, async () => undefined);
    await using there = await openWorld(own.url, async () => undefined);
    const relay = { id: 'main', host: 'smtp.example.org', port: 25 };
    const additions = [
      ['accounts.create', relay, 'in_use'],
      ['storages.create', { name: 'files', protocol: 's3' }, 'ok'],
      ['tenants.create-key', {}, 'ok'],
    ] as const;
    for (let round = 0; round < 30; round++) {
      const [operation, input, deletedAfter] = additions[round % 3]!;
      const tenant_id = `t${round}`;
      await here.tenants.create({ id: tenant_id }, 0);
      const outcomes = await Promise.all([
        outcomeOf(there.run(operation, { ...input, tenant_id })),
        outcomeOf(here.run('tenants.delete', { tenant_id })),
      ]);
      expect([`ok ${deletedAfter}`, 'not_found ok']).toContain(outcomes.join(' '));
    }
  });
});

/** `ok`, or the code of the error; what has no code is a failure of the test. */
async function outcomeOf(done: Promise<unknown>): Promise<string> {
  try {
    await done;
    return 'ok';
  } catch (error) {
    if (!isMailProxyError(error)) throw error;
    return error.code;
  }
}
