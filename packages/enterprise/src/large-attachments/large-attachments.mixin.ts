// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin } from '@mail-proxy/core';
import { largeAttachmentsMigrations } from './large-attachments.migrations.ts';
import type { LargeDatabase } from './large-attachments.table.ts';
import { createLargeFileSettingsStore } from './settings/settings.store.ts';
import { tenantLargeFiles } from './settings/tenant-large-files.ts';

/** Large attachments become links, or are refused. */
export const largeAttachments = defineMixin({
  id: 'large-attachments',
  contract: 1,
  migrations: largeAttachmentsMigrations,
  eventTypes: ['large_attachments_linked', 'large_attachments_warned', 'large_attachments_downloaded'],
  setup(context) {
    const { clock } = context;
    const database: LargeDatabase = context.database.withTables();
    const settings = createLargeFileSettingsStore(database, clock);
    return { extensions: { tenant: { large_file_config: tenantLargeFiles(settings) } } };
  },
});
