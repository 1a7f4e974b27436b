// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ContentCache } from '../attachments/cache/content-cache.types.ts';
import { checkReference } from '../attachments/check-reference.ts';
import { type AttachmentReference, createAttachmentFetcher } from '../attachments/fetch-attachment.ts';
import type { StorageBackend } from '../attachments/storages/storage-backend.ts';
import { type HeldFile, UploadedFile } from '../attachments/uploaded-file.ts';
import { createUploads, type Uploads } from '../attachments/uploads.ts';
import type { Clock } from '../clock.ts';
import type { EngineConfig } from '../config/engine-config.ts';
import { type BringAttachment, prepareBringAttachment } from '../delivery/bring-attachment.ts';
import type { AttachmentRules } from '../entities/message/attachment-rules.ts';
import { authPlace, type SealAttachmentAuth } from '../entities/message/draft-attachment.ts';
import type { MessageAttachmentsTable } from '../entities/message/message.table.ts';
import type { StoredFile, SubmissionServices } from '../entities/message/message-services.ts';
import { authorization, type ClientAuth } from '../entities/tenant/client-auth.ts';
import { MailProxyError } from '../errors.ts';
import type { Metrics } from '../observability/metrics.ts';
import { destinationRules } from '../outgoing/destination.ts';
import type { OutgoingHttp } from '../outgoing/outgoing-http.types.ts';
import { sealDraft } from '../queue/seal-draft.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { Stores } from './stores.ts';

export interface AttachmentSideParts {
  readonly config: EngineConfig;
  readonly stores: Pick<Stores, 'tenants' | 'storages' | 'contents' | 'contentSealer'>;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly http: OutgoingHttp;
  readonly cache: ContentCache;
  /** Of this machine, and those that mixins add. */
  readonly backends: readonly StorageBackend[];
  readonly metrics: Pick<Metrics, 'fetched' | 'lookedUp'>;
}

/** The parts that take attachments in and fetch them. */
export interface AttachmentSide {
  readonly attachmentRules: (tenantId: string) => Promise<AttachmentRules>;
  readonly uploads: Uploads;
  readonly storeFile: (tenantId: string, file: HeldFile) => Promise<StoredFile>;
  readonly rawMessages: SubmissionServices['rawMessages'];
  readonly sealAttachmentAuth: SealAttachmentAuth;
  /** Undefined where contents are stored as they are. */
  readonly sealDraft: SubmissionServices['sealDraft'];
  readonly bring: BringAttachment;
}

export function createAttachmentSide(parts: AttachmentSideParts): AttachmentSide {
  const { contentSealer } = parts.stores;
  const { config, stores, sealer, clock, http, cache, backends, metrics } = parts;
  const { maxBytes, maxMessageBytes, timeoutMs, roots, spoolDir } = config.attachments;
  const spooling = { maxBytes, ...(spoolDir === undefined ? {} : { dir: spoolDir }) };
  const uploads = createUploads(config.attachments);
  const fetcher = createAttachmentFetcher({
    http,
    clock,
    roots,
    backends,
    openStorage: (tenantId, name) => stores.storages.open(tenantId, name),
    limits: { maxBytes, timeoutMs },
    ...(spoolDir === undefined ? {} : { spoolDir }),
    async tenantOf(tenantId) {
      const target = await stores.tenants.attachmentTarget(tenantId);
      if (target === null) throw new MailProxyError('not_found', { detail: 'the tenant is gone' });
      const { baseUrl, attachmentPath, auth, policy } = target;
      return {
        clientBaseUrl: baseUrl,
        clientAttachmentPath: attachmentPath,
        clientAuth: { ...authorization(auth) },
        policy,
      };
    },
  });
  const store = async (tenantId: string, file: UploadedFile): Promise<StoredFile> => {
    const { size: sizeBytes, md5, sha256 } = file;
    await stores.contents.store(tenantId, { sizeBytes, sha256, read: () => file.read() }, clock.now());
    return { md5, sha256 };
  };
  return {
    uploads,
    async attachmentRules(tenantId) {
      const [target, names] = await Promise.all([
        stores.tenants.attachmentTarget(tenantId),
        stores.storages.names(tenantId),
      ]);
      const isStorage = (name: string): boolean => names.includes(name);
      const rules = destinationRules({ ...config.outgoing, ...target?.policy });
      const hasEndpoint = target !== null && target.baseUrl !== null;
      return {
        maxBytes,
        maxMessageBytes,
        isStorage,
        check: (place) => checkReference(place, { tenantId, roots, rules, hasEndpoint, isStorage }),
      };
    },
    async storeFile(tenantId, file) {
      // Who hands over an uploaded file disposes of it.
      if (file instanceof UploadedFile) return store(tenantId, file);
      await using taken = await uploads.take(file.stream());
      return await store(tenantId, taken);
    },
    rawMessages: { maxBytes: maxMessageBytes, hold: uploads.hold },
    sealAttachmentAuth: (auth, place) => sealer.seal(JSON.stringify(auth), authPlace(place)),
    sealDraft: contentSealer.isOn ? (draft) => sealDraft(draft, contentSealer) : undefined,
    bring: prepareBringAttachment({
      clock,
      cache,
      contents: stores.contents,
      fetcher,
      referenceOf: (attachment) => referenceOf(attachment, sealer),
      spooling,
      onLookup: (result) => metrics.lookedUp(result),
      onFetched: (mode, result) => metrics.fetched(mode, result),
    }),
  };
}

function referenceOf(attachment: MessageAttachmentsTable, sealer: Sealer): AttachmentReference {
  const { message_pk, position, tenant_id: tenantId, filename, fetch_mode: mode, storage_path: path } = attachment;
  if (mode === 'base64' || path === null)
    throw new Error(`the bytes of ${filename} came with its message, and are gone`);
  return {
    tenantId,
    filename,
    mode,
    path,
    auth:
      attachment.auth === null
        ? null
        : authOf(sealer.open(attachment.auth, authPlace({ messagePk: message_pk, position }))),
    md5: attachment.md5,
    sha256: attachment.sha256,
  };
}

function authOf(json: string): AttachmentReference['auth'] {
  // Nothing else is ever sealed into this place.
  const auth = JSON.parse(json) as ClientAuth;
  return auth.method === 'none' ? 'none' : { ...authorization(auth) };
}
