// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { removeContent } from './disk-contents.ts';
import { type DiskEntry, findEntry, listEntries, removeEntry } from './disk-index.ts';
import { removeLeftovers } from './leftovers.ts';

export interface SweepOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly isLiving: (entry: DiskEntry) => boolean;
  /** Wall time. */
  readonly now: number;
  readonly signal: AbortSignal;
}

interface NamedContent {
  readonly sha256: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** Entries that name it, of all tenants. */
  readonly living: DiskEntry[];
  readonly old: DiskEntry[];
}

/**
 * Remove entries that are too old and what they alone name, then the contents that were put longest ago, with all their
 * entries, until the rest is within `maxBytes`.
 *
 * No put of this process may end meanwhile. One of another process that does costs at worst a miss: it names a content
 * that is just being removed.
 *
 * @returns bytes that are left; null when it ended early
 */
export async function sweepDisk(options: SweepOptions): Promise<number | null> {
  const { folder, maxBytes, isLiving, now, signal } = options;
  const { entries, foreignKeys } = await listEntries(folder);
  for (const key of foreignKeys) await removeEntry(folder, key);
  const contents = byContent(entries, isLiving);
  const kept = within(maxBytes, contents);
  for (const content of contents) {
    if (signal.aborted) return null;
    await (kept.has(content) ? forgetAll(folder, content.old) : remove(folder, content));
  }
  const named = new Set(contents.map(({ path }) => path));
  const leftBytes = await removeLeftovers({ folder, named, now, signal });
  return signal.aborted ? null : totalBytes(kept) + leftBytes;
}

function byContent(entries: readonly DiskEntry[], isLiving: SweepOptions['isLiving']): readonly NamedContent[] {
  const contents = new Map<string, NamedContent>();
  for (const entry of entries) {
    const { sha256, path, sizeBytes } = entry;
    const content = contents.get(sha256) ?? { sha256, path, sizeBytes, living: [], old: [] };
    contents.set(sha256, content);
    (isLiving(entry) ? content.living : content.old).push(entry);
  }
  return [...contents.values()];
}

/** Those that live, without as many of the oldest as are too much. */
function within(maxBytes: number, contents: readonly NamedContent[]): ReadonlySet<NamedContent> {
  const kept = new Set(contents.filter(({ living }) => living.length > 0).toSorted((a, b) => newest(a) - newest(b)));
  let usedBytes = totalBytes(kept);
  for (const content of kept) {
    if (usedBytes <= maxBytes) break;
    kept.delete(content);
    usedBytes -= content.sizeBytes;
  }
  return kept;
}

function newest({ living }: NamedContent): number {
  return living.reduce((latest, { storedAt }) => Math.max(latest, storedAt), 0);
}

function totalBytes(contents: ReadonlySet<NamedContent>): number {
  return [...contents].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

async function remove(folder: string, { living, old, sha256 }: NamedContent): Promise<void> {
  if (await forgetAll(folder, [...living, ...old])) await removeContent(folder, sha256);
}

/** @returns whether nothing names the content now: another process may have renewed an entry since it was listed */
async function forgetAll(folder: string, entries: readonly DiskEntry[]): Promise<boolean> {
  let isForgotten = true;
  for (const { key, storedAt } of entries) {
    const current = await findEntry(folder, key);
    if (current === null || current.storedAt === storedAt) await removeEntry(folder, key);
    else isForgotten = false;
  }
  return isForgotten;
}
