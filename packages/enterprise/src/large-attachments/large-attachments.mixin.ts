// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin } from '@mail-proxy/core';
import { objectStoresOf } from '../object-storage/object-stores-of.ts';
import { certifiedAccountsOf } from '../pec/sending/certified-accounts.ts';
import { cleanUp } from './cleaning/clean-up.ts';
import { createUnneededFileStore } from './cleaning/unneeded-file.store.ts';
import { createCountDownload } from './downloads/count-download.ts';
import { createDownloadRoute } from './downloads/download-route.ts';
import { LargeCounts } from './files/large-counts.ts';
import { createLargeFileStore } from './files/large-file.store.ts';
import { createStoreOnce } from './files/store-once.ts';
import { largeAttachmentsMigrations } from './large-attachments.migrations.ts';
import { type LargeAttachmentServices, largeAttachmentOperations } from './large-attachments.operations.ts';
import type { LargeDatabase } from './large-attachments.table.ts';
import { largeAttachmentMetrics } from './large-attachments-metrics.ts';
import { createLinkUrls } from './link-url.ts';
import { createLinkStore } from './links/link.store.ts';
import { createLookAtLinks } from './links/links-of-mail.ts';
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
    const sent = createLinkStore(database);
    const countDownload = createCountDownload({ database, links: sent, settings, events, counts, clock, log });
    const ending = { database, links: sent, files: createUnneededFileStore(database), stores, counts, clock, log };
    const services: LargeAttachmentServices = { largeAttachments: ending };
    return {
      extensions: { tenant: { large_file_config: tenantLargeFiles({ settings, stores, publicUrl }) } },
      hooks: largeAttachmentHooks({
        ...{ id: ID, settings, rewrite, certified: certifiedAccountsOf(context) },
        warn: createWarn({ database, events }),
        lookAtLinks: createLookAtLinks({ id: ID, links: sent, clock }),
      }),
      routes: [createDownloadRoute({ urls, links: sent, stores, countDownload, counts, clock, log })],
      operations: largeAttachmentOperations,
      services,
      metrics: largeAttachmentMetrics(counts),
      run: (signal) => cleanUp({ ...ending, leases }, signal),
    };
  },
});
