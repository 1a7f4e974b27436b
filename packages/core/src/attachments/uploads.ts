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
  /**
   * Take a complete message of at most `maxMessageBytes`, files and all.
   *
   * @throws {MailProxyError} the same
   */
  takeMessage(body: AsyncIterable<Uint8Array>): Promise<UploadedFile>;
}

/** The same for the engine. */
export interface OwnUploads extends Uploads {
  /**
   * Keep a body that has been measured already.
   *
   * @throws {MailProxyError} `storage_full`; what the body throws
   */
  hold(body: AsyncIterable<Uint8Array>): Promise<UploadedFile>;
}

export interface UploadSettings {
  readonly maxBytes: number;
  readonly maxMessageBytes: number;
  /** @defaultValue the operating system's folder for temporary files */
  readonly spoolDir?: string | undefined;
}

export function createUploads({ maxBytes, maxMessageBytes, spoolDir }: UploadSettings): OwnUploads {
  const hold = async (body: AsyncIterable<Uint8Array>, most: number, what: Limit): Promise<UploadedFile> => {
    // A client that goes away ends its body.
    const { signal } = new AbortController();
    const dir = spoolDir === undefined ? {} : { dir: spoolDir };
    try {
      return new UploadedFile(await spool(body, { maxBytes: most, signal, ...dir }));
    } catch (error) {
      throw error instanceof AttachmentFailure ? clientFailure(error, what) : error;
    }
  };
  const [file, all, message] = [
    { what: 'a file', maxBytes },
    { what: 'all files', maxBytes: maxMessageBytes },
    { what: 'a message', maxBytes: maxMessageBytes },
  ] as const;
  return {
    maxBytes,
    maxMessageBytes,
    take: (body, roomBytes = maxMessageBytes) =>
      roomBytes < maxBytes ? hold(body, roomBytes, all) : hold(body, maxBytes, file),
    takeMessage: (body) => hold(body, maxMessageBytes, message),
    hold: (body) => hold(body, Number.POSITIVE_INFINITY, message),
  };
}

interface Limit {
  readonly what: string;
  readonly maxBytes: number;
}

function clientFailure(error: AttachmentFailure, { what, maxBytes }: Limit): unknown {
  if (error.code === 'too_large') {
    const detail = `expected at most ${maxBytes} bytes of ${what}`;
    return new MailProxyError('body_too_large', { detail, extra: { max_bytes: maxBytes } });
  }
  const errno = errnoOf(error.cause);
  return errno === 'ENOSPC' || errno === 'EDQUOT' ? new MailProxyError('storage_full', { cause: error }) : error;
}
