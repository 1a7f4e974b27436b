// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { checkRelativePath } from './files/contained-path.ts';

/** Where a file lies in a named storage of the tenant. */
export interface StoragePlace {
  readonly name: string;
  readonly path: string;
}

/** Split `name:path`. The first colon ends the name, so that a storage with one in its name is out of reach. */
export function splitStoragePath(storagePath: string): StoragePlace | null {
  const colon = storagePath.indexOf(':');
  return colon < 1 ? null : { name: storagePath.slice(0, colon), path: storagePath.slice(colon + 1) };
}

/** The same with a path that stays within any storage; or what is wrong with it. */
export function parseStoragePlace(storagePath: string): StoragePlace | { readonly problem: string } {
  const place = splitStoragePath(storagePath);
  if (place === null) return { problem: 'expected the name of a storage, a colon and a path' };
  const problem = checkRelativePath(place.path);
  return problem === null ? place : { problem };
}
