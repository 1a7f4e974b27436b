// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin, type Mixin } from '@mail-proxy/core';
import type { ObjectStore, ObjectStores } from './object-store.types.ts';
import { StorageFailure } from './storage-failure.ts';

export interface MemoryObject {
  readonly content: Buffer;
  readonly mimeType: string;
}

/** Stores in memory, which count what they are asked for. */
export interface MemoryStores extends ObjectStores {
  /** By the URL of the storage, `/` and the key. */
  readonly objects: Map<string, MemoryObject>;
  /** Keys of finished uploads, in their order. */
  readonly puts: string[];
  readonly deletes: string[];
  /** Called before anything is done; what it throws is what the call fails of. */
  before: (act: 'put' | 'get' | 'delete', key: string, signal: AbortSignal) => Promise<void>;
  /** Stands in for the mixin `storages`: put it before those that ask for it. */
  readonly mixin: Mixin;
}

const SCHEMES = ['s3:', 'gs:', 'az:', 'file:'];
const WEEK_SECONDS = 604_800;

/** @param named storages of tenants by their names, for `name:prefix` */
export function openMemoryStores(named: readonly string[] = []): MemoryStores {
  const objects = new Map<string, MemoryObject>();
  const [puts, deletes]: [string[], string[]] = [[], []];
  const check = (storageUrl: string): string | null => {
    const scheme = /^([^:]+:)./.exec(storageUrl)?.[1];
    if (scheme === undefined) return 'expected a URL such as s3://bucket/prefix, or name:prefix';
    if (SCHEMES.includes(scheme) || named.includes(scheme.slice(0, -1))) return null;
    return `the tenant has no storage ${scheme.slice(0, -1)}`;
  };
  const stores: MemoryStores = {
    objects,
    puts,
    deletes,
    before: async () => {},
    check,
    async open(storageUrl) {
      const problem = check(storageUrl);
      if (problem !== null) throw new StorageFailure('misconfigured', problem);
      return storeAt(storageUrl.replace(/\/+$/, ''), stores);
    },
    mixin: defineMixin({ id: 'storages', contract: 1, setup: () => ({ provides: stores }) }),
  };
  return stores;
}

function storeAt(base: string, stores: MemoryStores): ObjectStore {
  const isFile = base.startsWith('file:');
  return {
    maxPresignSeconds: isFile ? 0 : WEEK_SECONDS,
    async put(key, body, { sizeBytes, mimeType, signal }) {
      signal.throwIfAborted();
      await stores.before('put', key, signal);
      const pieces: Uint8Array[] = [];
      for await (const piece of body) {
        signal.throwIfAborted();
        pieces.push(piece);
      }
      const content = Buffer.concat(pieces);
      if (content.byteLength !== sizeBytes) throw new Error(`${content.byteLength} bytes in place of ${sizeBytes}`);
      stores.objects.set(`${base}/${key}`, { content, mimeType });
      stores.puts.push(key);
    },
    async get(key, { signal, range }) {
      signal.throwIfAborted();
      await stores.before('get', key, signal);
      const found = stores.objects.get(`${base}/${key}`);
      if (found === undefined) return null;
      const part = range === undefined ? found.content : found.content.subarray(range.start, range.end + 1);
      return { sizeBytes: found.content.byteLength, body: inPieces(part) };
    },
    async delete(key, signal) {
      signal.throwIfAborted();
      await stores.before('delete', key, signal);
      stores.objects.delete(`${base}/${key}`);
      stores.deletes.push(key);
    },
    async presign(key, { expiresInSeconds, filename }) {
      if (isFile) return null;
      const query = new URLSearchParams({ expires: String(expiresInSeconds), filename });
      return `https://storage.example/${encodeURIComponent(base)}/${key}?${query}`;
    },
  };
}

async function* inPieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.byteLength; at += 65_536) yield content.subarray(at, at + 65_536);
}
