// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { inject } from 'vitest';
import { largeAttachmentsConformance } from './large-attachments.case.ts';
import { largeUploadsConformance, sharedLargeUploads } from './large-uploads.case.ts';
import { onPostgres } from './made-on-postgres.case.ts';

largeAttachmentsConformance('PostgreSQL', onPostgres, inject('pgSkip'));
largeUploadsConformance('PostgreSQL', onPostgres, inject('pgSkip'));
sharedLargeUploads('PostgreSQL', onPostgres, inject('pgSkip'));
