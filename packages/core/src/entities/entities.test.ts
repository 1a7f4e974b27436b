// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { copyFileSync } from 'node:fs';
import { createDatabase, tempDir } from '@mail-proxy/testkit';
import { describe, inject } from 'vitest';
import { accountCases } from './account/account.case.ts';
import { accountPauseCases } from './account/account-pause.case.ts';
import { accountSettingsCases } from './account/account-settings.case.ts';
import { accountStoreCases } from './account/account-store.case.ts';
import { refreshTokenCases } from './account/refresh-token.case.ts';
import { apiKeyCases } from './api-key/api-key.case.ts';
import { keyLimitCases } from './api-key/key-limits.case.ts';
import { commandLogCases } from './command-log/command-log.case.ts';
import { dkimKeyCases } from './dkim-key/dkim-key.case.ts';
import { instancePauseCases } from './instance/instance.case.ts';
import { instanceCases } from './instances.case.ts';
import { storageCases } from './storage/storage.case.ts';
import { suppressCases } from './suppression/suppress.case.ts';
import { suppressionCases } from './suppression/suppression.case.ts';
import { tenantCases } from './tenant/tenant.case.ts';
import { tenantSendingCases } from './tenant/tenant-sending.case.ts';
import { type OpenWorld, openWorld } from './world.case.ts';

function allCases(open: OpenWorld): void {
  describe('tenants', () => tenantCases(open));
  describe('the sending of tenants', () => tenantSendingCases(open));
  describe('the instance', () => instancePauseCases(open));
  describe('API keys', () => apiKeyCases(open));
  describe('limits of API keys', () => keyLimitCases(open));
  describe('accounts', () => accountCases(open));
  describe('settings of accounts', () => accountSettingsCases(open));
  describe('pauses of accounts', () => accountPauseCases(open));
  describe('the account store', () => accountStoreCases(open));
  describe('refresh tokens of accounts', () => refreshTokenCases(open));
  describe('storages', () => storageCases(open));
  describe('suppression lists', () => suppressionCases(open));
  describe('strikes against addresses', () => suppressCases(open));
  describe('DKIM keys', () => dkimKeyCases(open));
  describe('the command log', () => commandLogCases(open));
}

describe.concurrent('on SQLite', () => {
  allCases(async () => {
    const dir = tempDir();
    copyFileSync(inject('sqliteMigrated'), dir.file('mail.db'));
    return openWorld(dir.file('mail.db'), async () => dir[Symbol.dispose]());
  });
});

describe.skipIf(inject('pgSkip') !== '').concurrent('on PostgreSQL', () => {
  const createOwn = () => createDatabase(inject('pgUrl') ?? '', inject('pgMigrated'));

  allCases(async () => {
    const own = await createOwn();
    return openWorld(own.url, () => own.drop());
  });

  instanceCases(async () => {
    const own = await createOwn();
    return { url: own.url, world: await openWorld(own.url, () => own.drop()) };
  });
});
