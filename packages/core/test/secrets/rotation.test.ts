// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase, tempDir } from '@mail-proxy/testkit';
import { describe, inject } from 'vitest';
import { contentsCases } from './contents.case.ts';
import { detachedCases } from './detached.case.ts';
import { interruptedCases } from './interrupted.case.ts';
import { type MakeDatabase, rotationCases } from './rotation.case.ts';

const makeFile: MakeDatabase = async () => {
  const dir = tempDir();
  return { url: dir.file('mail.db'), [Symbol.asyncDispose]: async () => dir[Symbol.dispose]() };
};

const makePostgres: MakeDatabase = () => createDatabase(inject('pgUrl') ?? '', inject('pgMigrated'));

describe('encryption keys on SQLite', () => {
  rotationCases(makeFile);
  interruptedCases(makeFile);
});

describe('sealed contents on SQLite', () => {
  contentsCases(makeFile);
  detachedCases(makeFile);
});

describe.skipIf(inject('pgSkip') !== '')('encryption keys on PostgreSQL', () => {
  rotationCases(makePostgres);
  interruptedCases(makePostgres);
});

describe.skipIf(inject('pgSkip') !== '')('sealed contents on PostgreSQL', () => {
  contentsCases(makePostgres);
  detachedCases(makePostgres);
});
