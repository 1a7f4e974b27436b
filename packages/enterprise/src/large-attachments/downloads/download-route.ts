// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, type Log, MailProxyError, type PublicRoute } from '@mail-proxy/core';
import type { GetOptions, ObjectStores, StoredObject } from '../../object-storage/object-store.types.ts';
import { StorageFailure } from '../../object-storage/storage-failure.ts';
import type { LargeLinksTable } from '../large-attachments.table.ts';
import type { LinkUrls } from '../link-url.ts';
import type { LinkStore } from '../links/link.store.ts';
import { linkStateOf } from '../links/link-state.ts';
import { byteRangeOf } from './byte-range.ts';
import type { CountDownload } from './count-download.ts';
import { fileBody } from './file-body.ts';
import { etagOf, fileHeaders } from './file-headers.ts';
import { failurePage, wantsPage } from './page.ts';

export interface DownloadParts {
  readonly urls: Pick<LinkUrls, 'read'>;
  readonly links: Pick<LinkStore, 'get' | 'objectOf'>;
  /** Null where no mixin has any. */
  readonly stores: Pick<ObjectStores, 'open'> | null;
  readonly countDownload: CountDownload;
  readonly counts: { downloadFailures: number };
  readonly clock: Clock;
  readonly log: Log;
}

/** What a link leads to: the file, to be saved. Asked by HEAD nothing is fetched, and nothing counted. */
export function createDownloadRoute(parts: DownloadParts): PublicRoute {
  return {
    path: '/download/{token}/{filename}',
    async handle(request, { token = '' }) {
      try {
        const link = await findLink(parts, token);
        return request.method === 'HEAD' ? headOf(link) : await answer(parts, link, request);
      } catch (error) {
        const page = wantsPage(request) ? failurePage(error) : null;
        if (page === null) throw error;
        return page;
      }
    },
  };
}

/** @throws {MailProxyError} `not_found` for what was never signed here, `gone` for what has ended */
async function findLink({ urls, links, clock }: DownloadParts, token: string): Promise<LargeLinksTable> {
  // Before the database is asked: what somebody made up costs it nothing.
  const signed = urls.read(token);
  if (signed === null) throw new MailProxyError('not_found', { detail: 'the link is not as it was made' });
  const now = clock.now();
  const link = signed.expiresAt <= now ? null : await links.get(null, signed.linkPk);
  // One that was signed and is not there any more has ended.
  const state = link === null ? 'expired' : linkStateOf(link, now);
  if (link === null || state !== 'live') throw new MailProxyError('gone', { detail: `the link is ${state}` });
  return link;
}

function headOf(link: LargeLinksTable): Response {
  return new Response(null, { headers: { ...fileHeaders(link), 'content-length': String(link.size_bytes) } });
}

async function answer(parts: DownloadParts, link: LargeLinksTable, request: Request): Promise<Response> {
  const { size_bytes: sizeBytes } = link;
  const range = rangeOf(request.headers, link);
  if (range === 'unsatisfiable') {
    return new Response(null, { status: 416, headers: { 'content-range': `bytes */${sizeBytes}` } });
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  const fetched = await fetchFile(parts, link, { signal: request.signal, ...(range === null ? {} : { range }) });
  const body = fileBody(fetched.body, {
    sizeBytes: end + 1 - start,
    completed: async () => {
      // Whoever fetches it in parts has it with the last one.
      if (end + 1 === sizeBytes) await parts.countDownload(link);
    },
    failed: (error) => {
      if (!request.signal.aborted) note(parts, link, error);
    },
  });
  return new Response(body, {
    status: range === null ? 200 : 206,
    headers: {
      ...fileHeaders(link),
      'content-length': String(end + 1 - start),
      ...(range === null ? {} : { 'content-range': `bytes ${start}-${end}/${sizeBytes}` }),
    },
  });
}

function rangeOf(headers: Headers, link: LargeLinksTable): ReturnType<typeof byteRangeOf> {
  const condition = headers.get('if-range');
  if (condition !== null && condition !== etagOf(link)) return null;
  return byteRangeOf(headers.get('range'), link.size_bytes);
}

/** @throws {MailProxyError} `gone`, `storage_unavailable` */
async function fetchFile(parts: DownloadParts, link: LargeLinksTable, options: GetOptions): Promise<StoredObject> {
  const object = await parts.links.objectOf(link);
  if (object === null) throw new MailProxyError('gone', { detail: 'the file is gone' });
  let found: StoredObject | null;
  try {
    if (parts.stores === null) throw new StorageFailure('misconfigured', 'there are no storages here');
    const store = await parts.stores.open(object.storage_url, link.tenant_id);
    found = await store.get(object.object_key, options);
  } catch (error) {
    if (!(error instanceof StorageFailure)) throw error;
    note(parts, link, error);
    throw new MailProxyError('storage_unavailable', { cause: error });
  }
  if (found !== null && found.sizeBytes === link.size_bytes) return found;
  await found?.body[Symbol.asyncIterator]().return?.();
  note(parts, link, new Error(found === null ? 'it is not in its storage' : 'it has another size'));
  throw new MailProxyError('gone', { detail: 'the file is gone' });
}

function note({ counts, log }: DownloadParts, { pk, tenant_id }: LargeLinksTable, error: unknown): void {
  counts.downloadFailures++;
  log.warn({ linkPk: pk, tenantId: tenant_id, err: error }, 'the file of a link could not be fetched');
}
