// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase } from '@mail-proxy/testkit';
import { inject } from 'vitest';
import type { Made } from './bounce-world.case.ts';
import { largeAttachmentsConformance } from './large-attachments.case.ts';
import { largeUploadsConformance, sharedLargeUploads } from './large-uploads.case.ts';

const onPostgres: Made = async () => {
  const made = await createDatabase(inject('pgUrl') ?? '', inject('pgMigrated'));
  return { database: made.url, drop: () => made.drop() };
};

largeAttachmentsConformance('PostgreSQL', onPostgres, inject('pgSkip'));
largeUploadsConformance('PostgreSQL', onPostgres, inject('pgSkip'));
sharedLargeUploads('PostgreSQL', onPostgres, inject('pgSkip'));
