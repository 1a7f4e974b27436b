// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What is put along with the bytes of an object. */
export interface ObjectAbout {
  /** Exactly so many: fewer or more are a failure, and no object. */
  readonly sizeBytes: number;
  readonly mimeType: string;
  readonly signal: AbortSignal;
}

/** Bytes of an object, both ends included. */
export interface ByteRange {
  readonly start: number;
  /** What lies beyond the last byte is left out. */
  readonly end: number;
}

export interface GetOptions {
  readonly signal: AbortSignal;
  readonly range?: ByteRange;
}

/** An object as its bytes come. */
export interface StoredObject {
  /** Of the whole object, whatever range of it was asked for. */
  readonly sizeBytes: number;
  /** Of the range, where one was asked for. Read once; leave the loop to give back what it holds. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Under which name and for how long somebody without credentials may fetch an object. */
export interface PresignAbout {
  /** At most {@link ObjectStore.maxPresignSeconds}. */
  readonly expiresInSeconds: number;
  readonly filename: string;
  readonly mimeType: string;
}

/**
 * A place of objects below one prefix. Keys are relative, `/` parts them; none leads out of the prefix. All of it throws
 * {@link StorageFailure}, or the signal's reason once it aborts; what else it throws is a bug.
 */
export interface ObjectStore {
  /**
   * Write the whole object or nothing; replaces what has that key. At most three parts of 5 MiB are held, whatever its size.
   * After an abort there may be the whole object all the same.
   */
  put(key: string, body: AsyncIterable<Uint8Array>, about: ObjectAbout): Promise<void>;
  /** Null where there is no such object. */
  get(key: string, options: GetOptions): Promise<StoredObject | null>;
  /** Succeeds where there is no such object, too. */
  delete(key: string, signal: AbortSignal): Promise<void>;
  /** A URL that anybody may fetch until it expires; null where this kind signs none. */
  presign(key: string, about: PresignAbout): Promise<string | null>;
  /** Seconds for which a URL can be signed at most; 0 where none is. */
  readonly maxPresignSeconds: number;
}

/** What the mixin `storages` provides to later mixins. */
export interface ObjectStores {
  /** Say what is wrong with it, without asking anybody; null if nothing is. */
  check(storageUrl: string, tenantId: string): string | null;
  /**
   * Open a place of objects.
   *
   * - `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`: with the instance's own credentials.
   * - `file:///folder`: below one of the mixin's `fileRoots`.
   * - `name:prefix`: in the storage of that name of the tenant, with its credentials.
   *
   * Who names the first four uses what is the operator's: ask for such a URL from administrators only.
   *
   * @throws {StorageFailure}
   */
  open(storageUrl: string, tenantId: string): Promise<ObjectStore>;
}
