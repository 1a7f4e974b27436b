// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Log, MixinEvents } from '@mail-proxy/core';
import type { LargeDatabase, LargeLinksTable } from '../large-attachments.table.ts';
import type { LinkStore } from '../links/link.store.ts';
import type { LargeFileSettingsStore } from '../settings/settings.store.ts';

export interface CountDownloadParts {
  readonly database: Pick<LargeDatabase, 'write'>;
  readonly links: Pick<LinkStore, 'downloaded'>;
  readonly settings: Pick<LargeFileSettingsStore, 'recent'>;
  readonly events: MixinEvents;
  readonly counts: { downloads: number; downloadedBytes: number };
  readonly clock: Clock;
  readonly log: Log;
}

/** Note that all of a file was taken. It never throws: who took the file has it. */
export type CountDownload = (link: LargeLinksTable) => Promise<void>;

const DAY_MS = 86_400_000;

/** The first download of a link is told in the history of its message, and may end the link earlier. */
export function createCountDownload(parts: CountDownloadParts): CountDownload {
  const { counts, log } = parts;
  return async (link) => {
    counts.downloads++;
    counts.downloadedBytes += link.size_bytes;
    try {
      await write(parts, link);
    } catch (error) {
      log.error({ linkPk: link.pk, err: error }, 'a download could not be counted');
    }
  };
}

async function write({ database, links, settings, events, clock }: CountDownloadParts, link: LargeLinksTable) {
  const { pk, message_pk: messagePk, tenant_id: tenantId, filename, size_bytes } = link;
  const at = clock.now();
  const days = (await settings.recent(tenantId))?.lifespan_after_download_days ?? null;
  const until = days === null ? link.expires_at : Math.min(link.expires_at, at + days * DAY_MS);
  const count = links.downloaded(pk, { at, until });
  if (link.first_downloaded_at !== null) {
    await database.write([count]);
    return;
  }
  // Of two at once one is the first: the event is one by its key.
  const event = events.append({
    ...{ messagePk, tenantId, type: 'large_attachments_downloaded', once: `downloaded ${pk}` },
    reason: `${filename} was downloaded`,
    extra: { link_id: pk, filename, size_bytes },
  });
  await database.write([...event.statements, count]);
  await event.committed();
}
