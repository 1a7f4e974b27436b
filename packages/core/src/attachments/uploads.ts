// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../errors.ts';
import { AttachmentFailure } from './attachment-failure.ts';
import { errnoOf } from './errno.ts';
import { spool } from './spool.ts';
import { UploadedFile } from './uploaded-file.ts';

/** Takes in the files of clients piece by piece, whatever their size, with little memory. */
export interface Uploads {
  /** Of one file. */
  readonly maxBytes: number;
  /** Of all files of a message. */
  readonly maxMessageBytes: number;
  /**
   * Take a body to its end.
   *
   * @param roomBytes - what the other files of the message leave of `maxMessageBytes`; all of it by default
   * @throws {MailProxyError} `body_too_large` at the first byte too many, `storage_full`; what the body throws. Nothing
   * of it is left then.
   */
  take(body: AsyncIterable<Uint8Array>, roomBytes?: number): Promise<UploadedFile>;
}

export interface UploadSettings {
  readonly maxBytes: number;
  readonly maxMessageBytes: number;
  /** @defaultValue the operating system's folder for temporary files */
  readonly spoolDir?: string | undefined;
}

export function createUploads({ maxBytes, maxMessageBytes, spoolDir }: UploadSettings): Uploads {
  return {
    maxBytes,
    maxMessageBytes,
    async take(body, roomBytes = maxMessageBytes) {
      // A client that goes away ends its body.
      const { signal } = new AbortController();
      const dir = spoolDir === undefined ? {} : { dir: spoolDir };
      try {
        return new UploadedFile(await spool(body, { maxBytes: Math.min(maxBytes, roomBytes), signal, ...dir }));
      } catch (error) {
        if (!(error instanceof AttachmentFailure)) throw error;
        if (error.code === 'too_large') {
          throw roomBytes < maxBytes ? tooLarge(maxMessageBytes, 'all files') : tooLarge(maxBytes, 'a file');
        }
        const errno = errnoOf(error.cause);
        if (errno === 'ENOSPC' || errno === 'EDQUOT') throw new MailProxyError('storage_full', { cause: error });
        throw error;
      }
    },
  };
}

function tooLarge(maxBytes: number, what: string): MailProxyError {
  return new MailProxyError('body_too_large', {
    detail: `expected at most ${maxBytes} bytes of ${what}`,
    extra: { max_bytes: maxBytes },
  });
}
