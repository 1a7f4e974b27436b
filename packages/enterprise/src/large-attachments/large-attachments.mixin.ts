// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin } from '@mail-proxy/core';
import { objectStoresOf } from '../object-storage/object-stores-of.ts';
import { certifiedAccountsOf } from '../pec/sending/certified-accounts.ts';
import { LargeCounts } from './files/large-counts.ts';
import { createLargeFileStore } from './files/large-file.store.ts';
import { createStoreOnce } from './files/store-once.ts';
import { largeAttachmentsMigrations } from './large-attachments.migrations.ts';
import type { LargeDatabase } from './large-attachments.table.ts';
import { createLinkUrls } from './link-url.ts';
import { largeAttachmentHooks } from './preparing/large-attachment-hooks.ts';
import { createLargeLinkWriter } from './preparing/link-writer.ts';
import { createRewrite } from './preparing/rewrite.ts';
import { createWarn } from './preparing/warn.ts';
import { largeAttachmentsConfig } from './settings/mixin-config.ts';
import { createLargeFileSettingsStore } from './settings/settings.store.ts';
import { tenantLargeFiles } from './settings/tenant-large-files.ts';

const ID = 'large-attachments';

/** Large attachments become links, are refused, or are told of. */
export const largeAttachments = defineMixin({
  id: ID,
  contract: 1,
  migrations: largeAttachmentsMigrations,
  eventTypes: ['large_attachments_linked', 'large_attachments_warned', 'large_attachments_downloaded'],
  setup(context) {
    const { clock, makePk, events, leases, log } = context;
    const database: LargeDatabase = context.database.withTables();
    const { publicUrl } = largeAttachmentsConfig(context.config);
    const stores = objectStoresOf(context);
    const settings = createLargeFileSettingsStore(database, clock);
    const files = createLargeFileStore(database, { clock, makePk });
    const counts = new LargeCounts();
    const storeOnce = createStoreOnce({ files, leases, clock, counts });
    const links = createLargeLinkWriter(database, { clock, makePk });
    const urls = createLinkUrls(context.macs('link'));
    const rewrite = createRewrite({ database, files, links, urls, storeOnce, stores, publicUrl, events, clock, log });
    return {
      extensions: { tenant: { large_file_config: tenantLargeFiles({ settings, stores, publicUrl }) } },
      hooks: largeAttachmentHooks({
        ...{ id: ID, settings, rewrite, certified: certifiedAccountsOf(context) },
        warn: createWarn({ database, events }),
      }),
    };
  },
});
