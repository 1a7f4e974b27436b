// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { AttachmentFailure } from '../attachment-failure.ts';
import { errnoOf } from '../errno.ts';

/** Turn an error of the file system, met on the way to a file or in it, into the failure of an attachment. */
export function toFileFailure(error: unknown): unknown {
  const errno = errnoOf(error);
  switch (errno) {
    case null:
      return error;
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
      return new AttachmentFailure('not_found', 'there is no such file', { cause: error });
    // Links in a circle, or one that took the place of the file that was looked at.
    case 'ELOOP':
      return new AttachmentFailure('not_allowed', 'its path holds a link that is not followed', { cause: error });
    // A socket, or a device without hardware.
    case 'ENXIO':
    case 'ENODEV':
    case 'EISDIR':
      return notRegular();
    case 'EACCES':
    case 'EPERM':
      return new AttachmentFailure('no_access', `it may not be read: ${errno}`, { cause: error });
    default:
      return new AttachmentFailure('unavailable', `it cannot be read: ${errno}`, { cause: error });
  }
}

export function notRegular(): AttachmentFailure {
  return new AttachmentFailure('not_allowed', 'it is not a regular file');
}

export function outside(): AttachmentFailure {
  return new AttachmentFailure('not_allowed', 'its path leads out of the folder that it has to lie in');
}
