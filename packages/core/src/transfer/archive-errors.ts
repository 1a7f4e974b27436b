// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../errors.ts';

export function damaged(detail: string, cause?: unknown): MailProxyError {
  return new MailProxyError('archive_damaged', { detail: `the archive cannot be used: ${detail}`, cause });
}

/** What the file system refused. Others are bugs and stay as they are. */
export function folderError(folder: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return error;
  if (error.code === 'ENOSPC')
    return new MailProxyError('storage_full', { detail: `no space left in ${folder}`, cause: error });
  return new MailProxyError('invalid_config', {
    detail: `the folder ${folder} cannot be used (${String(error.code)})`,
    cause: error,
  });
}
