// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Log } from '@mail-proxy/core';
import { type DeleteFileParts, deleteFile } from '../cleaning/delete-file.ts';
import type { UnneededFileStore } from '../cleaning/unneeded-file.store.ts';
import type { LargeDatabase, LargeLinksTable } from '../large-attachments.table.ts';
import type { LinkStore } from './link.store.ts';

export interface RevokeParts extends DeleteFileParts {
  readonly database: Pick<LargeDatabase, 'write'>;
  readonly links: Pick<LinkStore, 'revoke' | 'end'>;
  readonly files: Pick<UnneededFileStore, 'find' | 'giveUp' | 'isNeededAfterAll' | 'remove'>;
  readonly log: Log;
}

/**
 * End a link now. One of ours leads nowhere from here on, and its file goes with the next clean-up. What a storage has signed
 * nobody can take back: the file itself goes at once, unless other links need it or the storage does not answer; then it
 * can be fetched until `expires_at`.
 */
export async function revokeLink(parts: RevokeParts, link: LargeLinksTable, signal: AbortSignal): Promise<void> {
  const { database, links, clock } = parts;
  const now = clock.now();
  const isOwn = link.url_kind === 'own';
  await database.write([links.revoke(link.pk, now), ...(isOwn ? [links.end(link.pk, now)] : [])]);
  if (!isOwn && (await isDeleted(parts, link, signal))) await database.write([links.end(link.pk, clock.now())]);
}

async function isDeleted(parts: RevokeParts, link: LargeLinksTable, signal: AbortSignal): Promise<boolean> {
  const { files, clock, log } = parts;
  const file = await files.find(link.file_pk);
  if (file === null) return true;
  if (file.state !== 'deleting' && !(await files.giveUp(file, clock.now()))) return false;
  try {
    return await deleteFile(parts, file, signal);
  } catch (error) {
    log.warn({ linkPk: link.pk, err: error }, 'the file of a revoked link could not be deleted yet');
    return false;
  }
}
