// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type PruneParts, pruneRegularly } from '../../prune-daily.ts';
import type { LinkStore } from '../links/link.store.ts';
import { type DeleteFileParts, deleteFile } from './delete-file.ts';
import { PAGE, type SeenFile, type UnneededFileStore } from './unneeded-file.store.ts';

export interface CleanUpParts extends PruneParts, DeleteFileParts {
  readonly files: UnneededFileStore;
  readonly links: Pick<LinkStore, 'dropEnded'>;
}

export const CLEAN_EVERY_MS = 3_600_000;
/** From when a file is stored until its link is written, with time for a stop in between. */
export const WANTED_MS = 3_600_000;
/** The largest files take hours on slow lines. */
export const UPLOAD_MS = 86_400_000;
/** Who asks what became of a link is told for so long after its end. */
export const KEPT_LINK_DAYS = 30;

/** Delete what nobody can fetch any more, by one of all instances, every hour. */
export function cleanUp(parts: CleanUpParts, signal: AbortSignal): Promise<void> {
  const failure = 'what lies in storages without a link could not be cleared away';
  const prune = (): Promise<void> => cleanUpOnce(parts, signal);
  return pruneRegularly({ lease: 'clean-up', prune, failure, everyMs: CLEAN_EVERY_MS }, parts, signal);
}

/** Give up what no link needs, then delete all that was given up, also by others and before. */
export async function cleanUpOnce(parts: CleanUpParts, signal: AbortSignal): Promise<void> {
  await giveUpUnlinked(parts, signal);
  await giveUpAbandoned(parts);
  await deleteGivenUp(parts, signal);
  const before = parts.clock.now() - KEPT_LINK_DAYS * 86_400_000;
  while (!signal.aborted && (await parts.links.dropEnded(before, PAGE)) === PAGE);
}

async function giveUpUnlinked({ files, clock }: CleanUpParts, signal: AbortSignal): Promise<void> {
  const now = clock.now();
  let upTo = { used_at: 0, pk: '' };
  while (!signal.aborted) {
    const found = await files.stored({ ...upTo, before: now - WANTED_MS, now });
    for (const file of found) if (file.live === 0) await files.giveUp(file, now);
    const last = found.at(-1);
    if (last === undefined || found.length < PAGE) return;
    upTo = { used_at: last.used_at, pk: last.pk };
  }
}

async function giveUpAbandoned({ files, clock }: CleanUpParts): Promise<void> {
  const now = clock.now();
  for (const file of await files.abandoned(now - UPLOAD_MS)) await files.giveUp(file, now);
}

async function deleteGivenUp(parts: CleanUpParts, signal: AbortSignal): Promise<void> {
  /** Storages that failed are not asked again this time: each may take as long as a timeout. */
  const broken = new Set<string>();
  let left = 0;
  let first: unknown;
  let after: string | null = null;
  for (;;) {
    const found: readonly SeenFile[] = await parts.files.deleting(after);
    for (const file of found) {
      if (signal.aborted) return;
      const storage = `${file.tenant_id}\n${file.storage_url}`;
      try {
        if (broken.has(storage)) left++;
        else await deleteFile(parts, file, signal);
      } catch (error) {
        if (signal.aborted) return;
        broken.add(storage);
        left++;
        first ??= error;
      }
    }
    if (found.length < PAGE) break;
    after = found.at(-1)?.pk ?? null;
  }
  if (left > 0)
    parts.log.warn({ files: left, storages: broken.size, err: first }, 'files without a link are left over');
}
