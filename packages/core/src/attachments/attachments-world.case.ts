// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { buffer } from 'node:stream/consumers';
import { tempDir } from '@mail-proxy/testkit';
import { type Clock, systemClock } from '../clock.ts';
import type { OutgoingPolicy } from '../outgoing/outgoing-http.types.ts';
import { openHttp } from '../outgoing/outgoing-world.case.ts';
import { AttachmentFailure } from './attachment-failure.ts';
import { type AttachmentFetcher, type AttachmentReference, createAttachmentFetcher } from './fetch-attachment.ts';
import type { AttachmentTenant } from './sources/source-context.ts';
import type { OpenedStorage } from './sources/storage.ts';
import type { StorageBackend } from './storages/storage-backend.ts';

export interface AttachmentsOptions {
  readonly tenant?: Partial<AttachmentTenant>;
  /** Of the instance. */
  readonly policy?: OutgoingPolicy;
  /** What a name resolves to; by default this machine. */
  readonly lookup?: Parameters<typeof openHttp>[1];
  readonly roots?: readonly string[];
  readonly backends?: readonly StorageBackend[];
  /** By name, of every tenant. */
  readonly storages?: Readonly<Record<string, OpenedStorage>>;
  readonly maxBytes?: number;
  readonly clock?: Clock;
}

/** A place and, where they matter, other fields of a reference. */
export type Asked = Pick<AttachmentReference, 'mode' | 'path'> & Partial<AttachmentReference>;

export interface AttachmentsWorld extends AsyncDisposable {
  readonly fetcher: AttachmentFetcher;
  /** The content, as text. */
  text(asked: Asked): Promise<string>;
  /** What fetching fails of. */
  failure(asked: Asked): Promise<AttachmentFailure>;
  /** Files in the folder for temporary ones are left to look at. */
  readonly spoolDir: string;
}

/** Of each fetch, unless the test has a clock of its own. */
export const TIMEOUT_MS = 20_000;

/** A tenant whose attachments are fetched, with what the test is about. */
export function openAttachments(options: AttachmentsOptions = {}): AttachmentsWorld {
  const dir = tempDir();
  const client = openHttp(options.policy, options.lookup);
  const fetcher = createAttachmentFetcher({
    http: client.http,
    clock: options.clock ?? systemClock,
    roots: options.roots ?? [],
    backends: options.backends ?? [],
    tenantOf: async () => ({ clientBaseUrl: null, clientAttachmentPath: null, clientAuth: {}, ...options.tenant }),
    openStorage: async (_tenantId, name) => options.storages?.[name] ?? null,
    limits: { maxBytes: options.maxBytes ?? 1_000_000, timeoutMs: TIMEOUT_MS },
    spoolDir: dir.path,
  });
  const fetchText = async (asked: Asked): Promise<string> => {
    await using spooled = await fetcher.fetch(referenceTo(asked), new AbortController().signal);
    return (await buffer(spooled.read())).toString();
  };
  return {
    fetcher,
    text: fetchText,
    async failure(asked) {
      const error = await fetchText(asked).then(
        (text) => new Error(`fetched ${text.length} characters`),
        (thrown: unknown) => thrown,
      );
      if (error instanceof AttachmentFailure) return error;
      throw error;
    },
    spoolDir: dir.path,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    },
  };
}

export function referenceTo(asked: Asked): AttachmentReference {
  return { tenantId: 'acme', filename: 'report.pdf', auth: null, md5: null, sha256: null, ...asked };
}
