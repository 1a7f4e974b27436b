// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AttachmentBody, AttachmentFailure, type StorageBackend } from '@mail-proxy/core';
import { StorageFailure } from '../object-storage/storage-failure.ts';
import type { CloudKind } from '../object-storage/storage-url.ts';
import { CLOUDS } from './clouds.ts';
import { problemsOf } from './config-fields.ts';
import type { TenantStores } from './tenant-stores.ts';

/** Attachments out of the tenants' storages of one kind. */
export function createCloudBackend(protocol: CloudKind, stores: TenantStores): StorageBackend {
  return {
    protocol,
    check: (config) => problemsOf(CLOUDS[protocol].config, config),
    async open(config, path, { tenantId, signal }) {
      try {
        const store = await stores.open({ protocol, config, tenantId, prefix: '' });
        const found = await store.get(path, { signal });
        if (found === null) throw new AttachmentFailure('not_found', 'there is no such object');
        return { sizeBytes: found.sizeBytes, body: inWordsOfAttachments(found.body) };
      } catch (error) {
        throw toAttachmentFailure(error);
      }
    },
  };
}

async function* inWordsOfAttachments(body: AttachmentBody['body']): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw toAttachmentFailure(error);
  }
}

function toAttachmentFailure(error: unknown): unknown {
  return error instanceof StorageFailure ? new AttachmentFailure(error.code, error.reason, { cause: error }) : error;
}
