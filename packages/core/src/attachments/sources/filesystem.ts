// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AttachmentBody } from '../attachment-body.ts';
import { AttachmentFailure } from '../attachment-failure.ts';
import { checkAbsolutePath, foldersAround } from '../files/contained-path.ts';
import { fileBody } from '../files/file-body.ts';
import { locateContained, locateFolders } from '../files/locate-contained.ts';
import { openContained } from '../files/open-contained.ts';

/**
 * Open a file of this machine.
 *
 * @param roots those of the configuration as they are for the tenant
 * @throws {AttachmentFailure}
 */
export async function openFilesystem(path: string, roots: readonly string[]): Promise<AttachmentBody> {
  const problem = checkAbsolutePath(path, roots);
  if (problem !== null) throw new AttachmentFailure('not_allowed', problem);
  const folders = await locateFolders(foldersAround(path, roots));
  return fileBody(await openContained(await locateContained(path, folders)));
}
