// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { join } from 'node:path';
import * as v from 'valibot';
import { rootsOf } from '../../config/attachment-roots.ts';
import type { AttachmentBody } from '../attachment-body.ts';
import { checkAbsolutePath } from '../files/contained-path.ts';
import { fileBody } from '../files/file-body.ts';
import { outside } from '../files/file-failure.ts';
import { isContained, locateContained, locateFolders } from '../files/locate-contained.ts';
import { openContained } from '../files/open-contained.ts';
import type { StorageBackend, StorageProblem } from './storage-backend.ts';

const localConfig = v.strictObject({ base_path: v.string() });

/**
 * Create the storage of files on this machine: `{ base_path }`, a folder below one of `roots` as they are for the
 * tenant, since it is the tenant who names it.
 *
 * @param roots of the configuration; with none of them no such storage can be set up
 */
export function createLocalStorage(roots: readonly string[]): StorageBackend {
  return {
    protocol: 'local',
    check: (config, { tenantId }) => checkLocal(config, rootsOf(roots, tenantId)),
    open: async (config, path, { tenantId }) =>
      openLocal(v.parse(localConfig, config).base_path, path, rootsOf(roots, tenantId)),
  };
}

function checkLocal(config: unknown, roots: readonly string[]): readonly StorageProblem[] {
  const parsed = v.safeParse(localConfig, config);
  if (!parsed.success) return [{ pointer: '/base_path', message: 'expected base_path, a folder, and nothing else' }];
  const message = checkAbsolutePath(parsed.output.base_path, roots);
  return message === null ? [] : [{ pointer: '/base_path', message }];
}

/** Twice contained: the folder in the roots, wherever links make it lead to, and the file in the folder. */
async function openLocal(basePath: string, path: string, roots: readonly string[]): Promise<AttachmentBody> {
  const [around, base] = [await locateFolders(roots), await locateFolders([basePath])];
  if (!base.paths.every((folder) => isContained(folder, around))) throw outside();
  return fileBody(await openContained(await locateContained(join(basePath, path), base)));
}
