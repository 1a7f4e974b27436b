// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { AttachmentFailure } from '@mail-proxy/core';
import { StorageFailure } from './storage-failure.ts';

/** What files and folders fail of, as the failure of a storage. All else comes back as it is. */
export function toFileFailure(error: unknown): unknown {
  if (error instanceof AttachmentFailure) return ofReading(error);
  const errno = error instanceof Error && 'code' in error ? error.code : null;
  switch (errno) {
    case 'ENOENT':
      return new StorageFailure('not_found', 'there is no such file', error);
    case 'ENAMETOOLONG':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ELOOP':
      return new StorageFailure('misconfigured', `no file can have that name: ${errno}`, error);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StorageFailure('no_access', `the folder does not allow it: ${errno}`, error);
    case 'EBUSY':
    case 'EDQUOT':
    case 'EFBIG':
    case 'EIO':
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOSPC':
    case 'ENOTCONN':
    case 'ESTALE':
      return new StorageFailure('unavailable', `the disk does not do it: ${errno}`, error);
    default:
      return error;
  }
}

function ofReading({ code, reason, cause }: AttachmentFailure): StorageFailure {
  if (code === 'not_found' || code === 'no_access' || code === 'unavailable')
    return new StorageFailure(code, reason, cause);
  return new StorageFailure('misconfigured', reason, cause);
}
