// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Adapter, StoredFile } from 'files-sdk';
import { isMissingObject, toStorageFailure } from './adapter-failure.ts';
import { contentDisposition } from './content-disposition.ts';
import { downloadBody } from './download-body.ts';
import { keyBelow } from './object-key.ts';
import type {
  ByteRange,
  GetOptions,
  ObjectAbout,
  ObjectStore,
  PresignAbout,
  StoredObject,
} from './object-store.types.ts';
import { untilAborted } from './until-aborted.ts';
import { uploadBody } from './upload-body.ts';

/** Bytes of one part: the least that S3 takes. */
const PART_BYTES = 5_242_880;
/** Parts on their way at the same time, each of them in memory; one more is being filled. */
const PARTS_AT_ONCE = 2;

export interface AdapterStoreOptions {
  /** Without slashes around it; the empty one is none. */
  readonly prefix: string;
  readonly maxPresignSeconds: number;
}

/** A storage in a cloud, by an adapter of files-sdk for one bucket. */
export function createAdapterStore(adapter: Adapter, { prefix, maxPresignSeconds }: AdapterStoreOptions): ObjectStore {
  return {
    maxPresignSeconds,
    put: (key, body, about) => put(adapter, keyBelow(prefix, key), { body, ...about }),
    get: (key, options) => get(adapter, keyBelow(prefix, key), options),
    delete: (key, signal) => remove(adapter, keyBelow(prefix, key), signal),
    presign: (key, about) => presign(adapter, keyBelow(prefix, key), about),
  };
}

async function put(
  adapter: Adapter,
  key: string,
  { body, sizeBytes, mimeType, signal }: ObjectAbout & { readonly body: AsyncIterable<Uint8Array> },
): Promise<void> {
  signal.throwIfAborted();
  const upload = uploadBody(body, { sizeBytes, signal });
  try {
    const multipart = sizeBytes > PART_BYTES && { partSize: PART_BYTES, concurrency: PARTS_AT_ONCE };
    await untilAborted(adapter.upload(key, upload.stream, { contentType: mimeType, multipart, signal }), signal);
  } catch (error) {
    throw upload.failure()?.error ?? failureOf(error, signal);
  } finally {
    await upload.close();
  }
}

async function get(adapter: Adapter, key: string, { signal, range }: GetOptions): Promise<StoredObject | null> {
  signal.throwIfAborted();
  try {
    if (range !== undefined) return await getRange(adapter, key, { signal, range });
    const found = await untilAborted(adapter.download(key, { as: 'stream', signal }), signal);
    return { sizeBytes: found.size, body: bodyOf(found, found.size, signal) };
  } catch (error) {
    if (isMissingObject(error)) return null;
    throw failureOf(error, signal);
  }
}

/** The size of the whole object is asked for first: who answers with a range may say only that of the range. */
async function getRange(
  adapter: Adapter,
  key: string,
  { signal, range }: { readonly signal: AbortSignal; readonly range: ByteRange },
): Promise<StoredObject> {
  const { size } = await untilAborted(adapter.head(key, { signal }), signal);
  const end = Math.min(range.end, size - 1);
  const length = end - range.start + 1;
  if (length <= 0) return { sizeBytes: size, body: nothing() };
  const found = await untilAborted(
    adapter.download(key, { as: 'stream', signal, range: { start: range.start, end } }),
    signal,
  );
  return { sizeBytes: size, body: bodyOf(found, length, signal) };
}

async function remove(adapter: Adapter, key: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await untilAborted(adapter.delete(key, { signal }), signal);
  } catch (error) {
    if (!isMissingObject(error)) throw failureOf(error, signal);
  }
}

/** The type is that with which the object was put. */
async function presign(adapter: Adapter, key: string, { expiresInSeconds, filename }: PresignAbout): Promise<string> {
  try {
    return await adapter.url(key, {
      expiresIn: expiresInSeconds,
      responseContentDisposition: contentDisposition(filename),
    });
  } catch (error) {
    throw toStorageFailure(error);
  }
}

function bodyOf(found: StoredFile, expectedBytes: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
  return downloadBody(found.stream(), { expectedBytes, signal, toFailure: toStorageFailure });
}

function failureOf(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted ? signal.reason : toStorageFailure(error);
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // No piece.
}
