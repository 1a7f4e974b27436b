// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { rootsOf } from '../config/attachment-roots.ts';
import type { OutgoingHttp } from '../outgoing/outgoing-http.types.ts';
import type { AttachmentBody } from './attachment-body.ts';
import { AttachmentFailure, tooLarge } from './attachment-failure.ts';
import { checkSpooled } from './check-spooled.ts';
import { discardAttachment } from './discard-attachment.ts';
import { FetchDeadline } from './fetch-deadline.ts';
import type { FetchMode } from './fetch-mode.ts';
import { toAttachmentFailure } from './outgoing-failure.ts';
import { openEndpoint } from './sources/endpoint.ts';
import { openFilesystem } from './sources/filesystem.ts';
import { openHttpUrl } from './sources/http-url.ts';
import type { AttachmentAuth, AttachmentLimits, AttachmentTenant, ServerContext } from './sources/source-context.ts';
import { openStored, type StorageSource } from './sources/storage.ts';
import { type Spooled, spool } from './spool.ts';
import type { StorageBackend } from './storages/storage-backend.ts';
import { untilAborted } from './until-aborted.ts';

/** An attachment whose bytes are elsewhere. */
export interface AttachmentReference {
  readonly tenantId: string;
  /** Names it in the reason of a failure. */
  readonly filename: string;
  readonly mode: Exclude<FetchMode, 'base64'>;
  readonly path: string;
  readonly auth: AttachmentAuth;
  /** What its bytes have to hash to, hex; null where nobody said. */
  readonly md5: string | null;
  readonly sha256: string | null;
}

export interface AttachmentFetcherOptions {
  readonly http: Pick<OutgoingHttp, 'request'>;
  readonly clock: Clock;
  /** Folders from which files may be read; `{tenant}` in them stands for the tenant's id. None closes the file system. */
  readonly roots: readonly string[];
  /** Kinds of storages. `local` is one of them, if it is to be. */
  readonly backends: readonly StorageBackend[];
  readonly tenantOf: (tenantId: string) => Promise<AttachmentTenant>;
  readonly openStorage: StorageSource['openStorage'];
  readonly limits: AttachmentLimits;
  /** For attachments while they are worked on. @defaultValue the operating system's folder for temporary files */
  readonly spoolDir?: string;
}

export interface AttachmentFetcher {
  /**
   * Take all bytes of an attachment. Dispose of them.
   *
   * @throws {AttachmentFailure} its reason names the file; the reason of `signal`; what `tenantOf` and `openStorage` throw
   */
  fetch(reference: AttachmentReference, signal: AbortSignal): Promise<Spooled>;
}

/** Create what fetches attachments, each within its limits, from wherever they may come. */
export function createAttachmentFetcher(options: AttachmentFetcherOptions): AttachmentFetcher {
  const { clock, limits } = options;
  return {
    async fetch(reference, caller) {
      using deadline = new FetchDeadline(clock, limits.timeoutMs, caller);
      const { signal } = deadline;
      try {
        signal.throwIfAborted();
        const opened = await untilAborted(open(reference, options, signal), signal, discardAttachment);
        return await take(opened, reference, { ...options, signal });
      } catch (error) {
        throw failureOf(error, reference.filename, signal);
      }
    },
  };
}

async function open(
  { mode, path, tenantId, auth }: AttachmentReference,
  options: AttachmentFetcherOptions,
  signal: AbortSignal,
): Promise<AttachmentBody> {
  const { http, clock, limits, roots, tenantOf } = options;
  const server = async (): Promise<ServerContext> => {
    return { http, clock, limits, tenant: await tenantOf(tenantId), auth, signal };
  };
  switch (mode) {
    case 'http_url':
      return await openHttpUrl(path, await server());
    case 'endpoint':
      return await openEndpoint(path, await server());
    case 'filesystem':
      return await openFilesystem(path, rootsOf(roots, tenantId));
    case 'storage':
      return await openStored(path, { ...options, tenantId, maxBytes: limits.maxBytes, signal });
    default:
      return mode satisfies never;
  }
}

type Taking = Pick<AttachmentFetcherOptions, 'limits' | 'spoolDir'> & { readonly signal: AbortSignal };

async function take(
  opened: AttachmentBody,
  { md5, sha256 }: AttachmentReference,
  { limits: { maxBytes }, spoolDir, signal }: Taking,
): Promise<Spooled> {
  if (opened.sizeBytes !== null && opened.sizeBytes > maxBytes) {
    await untilAborted(discardAttachment(opened), signal);
    throw tooLarge(maxBytes);
  }
  const spooled = await spool(opened.body, { maxBytes, signal, ...(spoolDir === undefined ? {} : { dir: spoolDir }) });
  const failure = checkSpooled(spooled, { sizeBytes: opened.sizeBytes, md5, sha256 });
  if (failure === null) return spooled;
  await spooled[Symbol.asyncDispose]();
  throw failure;
}

/** What was cut fails in many ways; that it was cut is the reason. */
function failureOf(error: unknown, filename: string, signal: AbortSignal): unknown {
  const failure = signal.aborted ? signal.reason : toAttachmentFailure(error);
  if (!(failure instanceof AttachmentFailure)) return failure;
  const { code, reason, retryAfterMs, cause } = failure;
  return new AttachmentFailure(code, `attachment ${filename}: ${reason}`, { retryAfterMs, cause });
}
