// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import cacache from 'cacache';
import * as v from 'valibot';
import type { ContentHash, ContentIdentity } from './content-cache.types.ts';

/** What the index says of a content under one of its names. */
export interface DiskEntry extends ContentIdentity {
  readonly key: string;
  /** Wall time. */
  readonly storedAt: number;
  /** Of the file with the bytes, which all entries of this content share, those of other tenants too. */
  readonly path: string;
}

export type DiskRecord = Omit<DiskEntry, 'key' | 'path'>;

const hex = (digits: number) => v.pipe(v.string(), v.length(digits), v.regex(/^[0-9a-f]+$/));

const record = v.object({
  storedAt: v.number(),
  sizeBytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
  md5: hex(32),
  sha256: hex(64),
});

/** The installed types leave out an option that the library documents: without it a removal appends a line, for good. */
const removeFromIndex: (folder: string, key: string, options: { removeFully: boolean }) => Promise<unknown> =
  cacache.rm.entry;

/** How the library names a content, and its file. */
export function integrityOf(sha256: string): string {
  return `sha256-${Buffer.from(sha256, 'hex').toString('base64')}`;
}

/** Find an entry by its key; null also where its content has another hash than the one that is looked for. */
export async function findEntry(folder: string, key: string, hash?: ContentHash): Promise<DiskEntry | null> {
  const found = await cacache.get.info(folder, key);
  const entry = found === null ? null : readEntry(found);
  return entry === null || (hash !== undefined && entry[hash.algorithm] !== hash.hex) ? null : entry;
}

/** Everything that the index holds, and the keys of what is no entry of ours. */
export async function listEntries(
  folder: string,
): Promise<{ readonly entries: readonly DiskEntry[]; readonly foreignKeys: readonly string[] }> {
  const entries: DiskEntry[] = [];
  const foreignKeys: string[] = [];
  for (const found of Object.values(await cacache.ls(folder))) {
    const entry = readEntry(found);
    if (entry === null) foreignKeys.push(found.key);
    else entries.push(entry);
  }
  return { entries, foreignKeys };
}

/** Name a content whose bytes are on disk already. */
export async function addEntry(folder: string, key: string, metadata: DiskRecord): Promise<void> {
  await cacache.index.insert(folder, key, integrityOf(metadata.sha256), { metadata, size: metadata.sizeBytes });
}

export async function removeEntry(folder: string, key: string): Promise<void> {
  await removeFromIndex(folder, key, { removeFully: true });
}

/** Others may write to the folder: what is to be removed or read as this content must be the file of its hash. */
function readEntry(found: Awaited<ReturnType<typeof cacache.get.info>> & object): DiskEntry | null {
  const parsed = v.safeParse(record, found.metadata);
  if (!parsed.success || found.integrity !== integrityOf(parsed.output.sha256)) return null;
  return { ...parsed.output, key: found.key, path: found.path };
}
