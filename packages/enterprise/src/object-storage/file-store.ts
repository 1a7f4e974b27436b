// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type FileHandle, mkdir, open, realpath, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import {
  AttachmentFailure,
  isContained,
  locateContained,
  locateFolders,
  type OpenFile,
  openContained,
  type RealFolders,
} from '@mail-proxy/core';
import { toFileFailure } from './file-failure.ts';
import { keyBelow } from './object-key.ts';
import type { ByteRange, ObjectAbout, ObjectStore } from './object-store.types.ts';
import { StorageFailure } from './storage-failure.ts';
import { uploadBody } from './upload-body.ts';

const PIECE_BYTES = 65_536;
/** Of the service alone. */
const [FOLDER_MODE, FILE_MODE] = [0o700, 0o600];

export interface FileStoreOptions {
  /** Absolute, as its text says below one of `roots`. Made when something is put there first. */
  readonly folder: string;
  /** Wherever links lead, nothing beyond these is touched. */
  readonly roots: readonly string[];
  /** Makes a name that no other file has. */
  readonly makeName: () => string;
}

/** Objects as files below a folder. */
export function createFileStore({ folder, roots, makeName }: FileStoreOptions): ObjectStore {
  return {
    maxPresignSeconds: 0,

    async put(key, body, about) {
      about.signal.throwIfAborted();
      const path = join(folder, keyBelow('', key));
      try {
        const within = await makeFolder(dirname(path), { folder, roots });
        await writeWhole(join(within, basename(path)), join(within, `.${makeName()}.part`), { body, ...about });
      } catch (error) {
        throw toFileFailure(error);
      }
    },

    async get(key, { signal, range }) {
      signal.throwIfAborted();
      const path = join(folder, keyBelow('', key));
      try {
        const file = await openContained(await locateContained(path, await locate(folder, roots)));
        return { sizeBytes: file.sizeBytes, body: contentOf(file, { signal, range }) };
      } catch (error) {
        if (error instanceof AttachmentFailure && error.code === 'not_found') return null;
        throw toFileFailure(error);
      }
    },

    async delete(key, signal) {
      signal.throwIfAborted();
      const path = join(folder, keyBelow('', key));
      try {
        const { path: within } = await locateContained(dirname(path), await locate(folder, roots));
        await unlink(join(within, basename(path)));
      } catch (error) {
        const failure = toFileFailure(error);
        if (!(failure instanceof StorageFailure) || failure.code !== 'not_found') throw failure;
      }
    },

    presign: async () => null,
  };
}

/** Twice contained: the folder in the roots, wherever links make it lead to, and the file in the folder. */
async function locate(folder: string, roots: readonly string[]): Promise<RealFolders> {
  return { paths: [(await locateContained(folder, await locateFolders(roots))).path] };
}

/**
 * Make a folder step by step, so that none is made behind a link that leads out.
 *
 * @returns it without links
 */
async function makeFolder(
  path: string,
  { folder, roots }: { readonly folder: string; readonly roots: readonly string[] },
): Promise<string> {
  const root = roots.find((each) => !relative(each, folder).startsWith('..'));
  if (root === undefined)
    throw new StorageFailure('misconfigured', 'it lies below none of the folders that are allowed');
  const base = await locateFolders(roots);
  let within = await realpath(root);
  for (const segment of relative(root, path)
    .split(sep)
    .filter((each) => each !== '')) {
    await mkdir(join(within, segment), FOLDER_MODE).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    within = await realpath(join(within, segment));
    if (!isContained(within, base)) throw new StorageFailure('misconfigured', 'a link leads out of its folder');
  }
  return within;
}

/** Under its name is the whole file or none, also after a power cut. */
async function writeWhole(
  path: string,
  partPath: string,
  { body, sizeBytes, signal }: ObjectAbout & { readonly body: AsyncIterable<Uint8Array> },
): Promise<void> {
  const upload = uploadBody(body, { sizeBytes, signal });
  const file = await open(partPath, 'wx', FILE_MODE);
  let isWhole = false;
  try {
    try {
      for await (const piece of upload.stream) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
      await upload.close();
    }
    signal.throwIfAborted();
    await rename(partPath, path);
    isWhole = true;
    await syncFolder(dirname(path));
  } finally {
    if (!isWhole) await unlink(partPath);
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whoever leaves early, begun or not, closes the file. */
function contentOf(
  { file, sizeBytes }: OpenFile,
  { signal, range }: { readonly signal: AbortSignal; readonly range: ByteRange | undefined },
): AsyncIterable<Uint8Array> {
  let at = range?.start ?? 0;
  const end = Math.min(range?.end ?? sizeBytes, sizeBytes - 1);
  const iterator: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      try {
        signal.throwIfAborted();
        const piece = at > end ? null : await readPiece(file, at, Math.min(PIECE_BYTES, end - at + 1));
        at += piece?.byteLength ?? 0;
        if (piece !== null) return { done: false, value: piece };
        await file.close();
        return { done: true, value: undefined };
      } catch (error) {
        await file.close();
        throw toFileFailure(error);
      }
    },
    async return() {
      await file.close();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function readPiece(file: FileHandle, at: number, length: number): Promise<Uint8Array> {
  // Each piece is the reader's to keep.
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
  if (bytesRead === 0) throw new StorageFailure('unavailable', 'the file was cut while it was read');
  return buffer.subarray(0, bytesRead);
}
