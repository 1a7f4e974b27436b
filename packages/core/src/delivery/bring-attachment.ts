// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { AttachmentFailure } from '../attachments/attachment-failure.ts';
import type { ContentCache, ContentHash } from '../attachments/cache/content-cache.types.ts';
import type { AttachmentFetcher, AttachmentReference } from '../attachments/fetch-attachment.ts';
import { type Spooled, type SpoolOptions, spool } from '../attachments/spool.ts';
import type { Clock } from '../clock.ts';
import type { MessageAttachmentsTable } from '../entities/message/message.table.ts';
import { isMailProxyError } from '../errors.ts';
import type { AttachmentContents } from '../queue/attachment-contents.ts';

/** An attachment whose bytes are stored. */
export interface BroughtAttachment {
  readonly hash: string;
  readonly sizeBytes: number;
}

/**
 * See to it that the bytes of an attachment are stored.
 *
 * @throws {AttachmentFailure}
 */
export type BringAttachment = (attachment: MessageAttachmentsTable, signal: AbortSignal) => Promise<BroughtAttachment>;

export interface BringServices {
  readonly clock: Clock;
  readonly cache: Pick<ContentCache, 'get' | 'put'>;
  readonly contents: Pick<AttachmentContents, 'store' | 'want' | 'nameOf'>;
  readonly fetcher: AttachmentFetcher;
  /** With the credentials of the attachment in clear. */
  readonly referenceOf: (attachment: MessageAttachmentsTable) => AttachmentReference;
  readonly spooling: Pick<SpoolOptions, 'maxBytes' | 'dir'>;
  readonly onLookup: (result: 'memory' | 'disk' | 'miss') => void;
  readonly onFetched: (mode: AttachmentReference['mode'], result: 'fetched' | 'permanent' | 'temporary') => void;
}

/** From what the tenant has stored, from the cache, or from where it lies. Whoever names no hash asks for it anew. */
export function prepareBringAttachment(services: BringServices): BringAttachment {
  const { clock, cache, contents } = services;
  return async (attachment, signal) => {
    const { tenant_id: tenantId, sha256 } = attachment;
    if (sha256 !== null) {
      const hash = await contents.nameOf(tenantId, sha256);
      const sizeBytes = await contents.want({ tenantId, hash }, clock.now());
      if (sizeBytes !== null) return { hash, sizeBytes };
    }
    const cached = await fromCache(attachment, services, signal);
    await using spooled = cached ?? (await fetched(attachment, services, signal));
    const hash = await contents.store(tenantId, spooled, clock.now());
    if (cached === null) await cache.put(tenantId, spooled);
    return { hash, sizeBytes: spooled.sizeBytes };
  };
}

/** Spooled first, so that nothing is stored under a hash that its bytes do not have. */
async function fromCache(
  { tenant_id: tenantId, md5, sha256 }: MessageAttachmentsTable,
  { cache, spooling, onLookup }: Pick<BringServices, 'cache' | 'spooling' | 'onLookup'>,
  signal: AbortSignal,
): Promise<Spooled | null> {
  const wanted = hashOf({ md5, sha256 });
  if (wanted === null) return null;
  const found = await cache.get(tenantId, wanted);
  onLookup(found?.tier ?? 'miss');
  if (found === null || (md5 !== null && found.md5 !== md5)) return null;
  let spooled: Spooled;
  try {
    spooled = await spool(found.read(), { ...spooling, signal });
  } catch (error) {
    if (isMailProxyError(error, 'cached_content_lost')) return null;
    throw error;
  }
  if (spooled.sha256 === found.sha256) return spooled;
  await spooled[Symbol.asyncDispose]();
  return null;
}

function hashOf({ md5, sha256 }: Pick<MessageAttachmentsTable, 'md5' | 'sha256'>): ContentHash | null {
  if (sha256 !== null) return { algorithm: 'sha256', hex: sha256 };
  return md5 === null ? null : { algorithm: 'md5', hex: md5 };
}

async function fetched(
  attachment: MessageAttachmentsTable,
  { fetcher, referenceOf, onFetched }: Pick<BringServices, 'fetcher' | 'referenceOf' | 'onFetched'>,
  signal: AbortSignal,
): Promise<Spooled> {
  const reference = referenceOf(attachment);
  try {
    const spooled = await fetcher.fetch(reference, signal);
    onFetched(reference.mode, 'fetched');
    return spooled;
  } catch (error) {
    if (error instanceof AttachmentFailure) onFetched(reference.mode, error.permanence);
    throw error;
  }
}
