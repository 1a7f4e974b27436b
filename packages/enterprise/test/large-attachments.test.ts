// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { onSqlite } from './bounce-world.case.ts';
import { largeAttachmentsConformance } from './large-attachments.case.ts';
import { largeUploadsConformance } from './large-uploads.case.ts';

largeAttachmentsConformance('SQLite', onSqlite);
largeUploadsConformance('SQLite', onSqlite);
