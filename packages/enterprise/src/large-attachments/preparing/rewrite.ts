// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash } from 'node:crypto';
import {
  AttachmentFailure,
  type BroughtFile,
  type Clock,
  fields,
  type HookedMessage,
  isMailProxyError,
  type Log,
  type MixinEvents,
} from '@mail-proxy/core';
import type { ObjectStore, ObjectStores } from '../../object-storage/object-store.types.ts';
import { StorageFailure } from '../../object-storage/storage-failure.ts';
import type { LargeFileStore } from '../files/large-file.store.ts';
import type { StoreOnce } from '../files/store-once.ts';
import type { Footer, FooterFile } from '../footer/footer.types.ts';
import { renderFooter } from '../footer/footer-template.ts';
import type { LargeDatabase, LargeFilesTable, LargeLinksTable } from '../large-attachments.table.ts';
import type { LinkUrls } from '../link-url.ts';
import type { LargeFileConfig } from '../settings/large-file-config.ts';
import type { LargeLinkWriter } from './link-writer.ts';
import { megabytes, named, sumOf } from './sizes.ts';

/** What is kept of a file with the message that lost it. A type, as interfaces are no JSON to the compiler. */
export type DetachedData = {
  /** Key of its link. */
  readonly link_pk: string;
  /** For all files of the message, at the first of them: every attempt says the same. */
  readonly footer: Readonly<Footer> | null;
};

export interface RewriteParts {
  readonly database: Pick<LargeDatabase, 'write'>;
  readonly files: Pick<LargeFileStore, 'use'>;
  readonly links: LargeLinkWriter;
  readonly urls: Pick<LinkUrls, 'urlOf'>;
  readonly storeOnce: StoreOnce;
  /** Null where there are no storages. */
  readonly stores: Pick<ObjectStores, 'open'> | null;
  /** What links begin with where the tenant names nothing; null for none. */
  readonly publicUrl: string | null;
  readonly events: MixinEvents;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ToRewrite {
  readonly config: LargeFileConfig;
  readonly files: readonly BroughtFile[];
}

/**
 * Put files into the tenant's storage and write links to them.
 *
 * @throws {AttachmentFailure} where the storage can't be used
 */
export type Rewrite = (
  message: HookedMessage,
  wanted: ToRewrite,
  signal: AbortSignal,
) => Promise<readonly { readonly position: number; readonly data: DetachedData }[]>;

interface Place {
  readonly store: ObjectStore;
  readonly storageUrl: string;
  /** Null where the storage signs its own. */
  readonly base: string | null;
  readonly lifetimeMs: number;
}

interface StoredFile {
  readonly brought: BroughtFile;
  readonly file: LargeFilesTable;
}

const DAY_MS = 86_400_000;

export function createRewrite(parts: RewriteParts): Rewrite {
  return async (message, { config, files }, signal) => {
    try {
      const place = await openPlace(parts, message.tenantId, config);
      const stored: StoredFile[] = [];
      for (const brought of files) {
        stored.push({ brought, file: await storeOne(parts, message, { brought, place }, signal) });
      }
      const linked = await writeLinks(parts, message, { place, stored });
      const footer = footerFor(parts, config, linked);
      return linked.map(({ position, linkPk }, index) => ({
        position,
        data: { link_pk: linkPk, footer: index === 0 ? footer : null },
      }));
    } catch (error) {
      throw failureOf(error);
    }
  };
}

async function openPlace(
  { stores, publicUrl }: RewriteParts,
  tenantId: string,
  { storage_url: storageUrl, public_base_url, file_ttl_days }: LargeFileConfig,
): Promise<Place> {
  if (stores === null || storageUrl === null) throw new StorageFailure('misconfigured', 'there is no storage');
  const store = await stores.open(storageUrl, tenantId);
  const base = public_base_url ?? publicUrl;
  const wantedMs = file_ttl_days * DAY_MS;
  if (base !== null) return { store, storageUrl, base, lifetimeMs: wantedMs };
  if (store.maxPresignSeconds === 0) {
    throw new StorageFailure('misconfigured', 'the storage signs no URLs, and there is no public URL for links');
  }
  return { store, storageUrl, base, lifetimeMs: Math.min(wantedMs, store.maxPresignSeconds * 1_000) };
}

function storeOne(
  { storeOnce }: RewriteParts,
  { tenantId }: HookedMessage,
  { brought, place }: { readonly brought: BroughtFile; readonly place: Place },
  signal: AbortSignal,
): Promise<LargeFilesTable> {
  const { contentHash, sizeBytes, mimeType } = brought;
  const file = { tenantId, storageUrl: place.storageUrl, contentHash, sizeBytes, mimeType, read: () => brought.read() };
  return storeOnce(file, place.store, signal);
}

type LinkedFile = FooterFile & { readonly position: number; readonly linkPk: string };

/** All of them, and the line in the history that says so, in one unit. */
async function writeLinks(
  { database, files, links, urls, events, clock }: RewriteParts,
  { messagePk, tenantId, id }: HookedMessage,
  { place, stored }: { readonly place: Place; readonly stored: readonly StoredFile[] },
): Promise<readonly LinkedFile[]> {
  const { base, lifetimeMs } = place;
  const presigned = base === null ? await Promise.all(stored.map((each) => presign(place, each))) : null;
  const expiresAt = clock.now() + lifetimeMs;
  const expires_at = fields.rfc3339(expiresAt);
  const puts = stored.map(({ brought, file }) =>
    links.put({
      ...{ tenant_id: tenantId, message_pk: messagePk, message_id: id, position: brought.position, file_pk: file.pk },
      ...{ filename: brought.filename, mime_type: brought.mimeType, size_bytes: brought.sizeBytes },
      ...{ url_kind: base === null ? 'presigned' : 'own', expires_at: expiresAt },
    }),
  );
  // In one order, so that no two messages wait for one another.
  const filePks = [...new Set(stored.map(({ file }) => file.pk))].toSorted();
  const brought = stored.map((each) => each.brought);
  const event = events.append({
    // A message in the place of another has other files, and keeps its key.
    ...{ messagePk, tenantId, type: 'large_attachments_linked', once: `linked ${hash('sha256', filePks.join())}` },
    reason: `Sent as links: ${named(brought)}`,
    extra: { ...sumOf(brought), expires_at },
  });
  const written = await database.write([...puts, ...filePks.map((pk) => files.use(pk)), ...event.statements]);
  await event.committed();
  // What `put` returns.
  const pks = written.slice(0, puts.length).map(({ rows: [row] }) => (row as Pick<LargeLinksTable, 'pk'>).pk);
  return brought.map(({ position, filename, sizeBytes }, index) => {
    const linkPk = pks[index] ?? '';
    const url = presigned?.[index] ?? urls.urlOf({ base: base ?? '', linkPk, expiresAt, filename });
    return { position, linkPk, filename, url, size: megabytes(sizeBytes), size_bytes: sizeBytes, expires_at };
  });
}

async function presign({ store, lifetimeMs }: Place, { brought, file }: StoredFile): Promise<string> {
  const { filename, mimeType } = brought;
  const url = await store.presign(file.object_key, {
    ...{ expiresInSeconds: Math.floor(lifetimeMs / 1_000), filename, mimeType },
  });
  if (url === null) throw new StorageFailure('misconfigured', 'the storage signed no URL');
  return url;
}

/** A template that fails of these files, though it did not when it was set, keeps no mail from being sent. */
function footerFor(
  { log }: RewriteParts,
  { footer_html, footer_text }: LargeFileConfig,
  files: readonly FooterFile[],
): Footer {
  try {
    return renderFooter({ html: footer_html, text: footer_text }, files);
  } catch (error) {
    log.warn({ err: error }, 'a footer could not be made from its template; the default one was taken');
    return renderFooter({ html: null, text: null }, files);
  }
}

/**
 * What goes wrong with a storage is told of a message as what goes wrong with its files is. Never for good: the storage could
 * be used when it was set up, so somebody can mend it while the message waits.
 */
function failureOf(error: unknown): unknown {
  if (error instanceof StorageFailure) {
    const code = error.permanence === 'temporary' ? error.code : 'unavailable';
    return new AttachmentFailure(code, `large attachments cannot be stored: ${error.reason}`, { cause: error });
  }
  if (isMailProxyError(error, 'conflict')) {
    const reason = 'a large attachment was cleared away while it was stored';
    return new AttachmentFailure('unavailable', reason, { cause: error });
  }
  return error;
}
