// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Uploads } from '@mail-proxy/core';
import { isType } from './content-type.ts';

/** How large bodies may be. */
export interface BodyLimits {
  /** JSON. */
  readonly maxBodyBytes: number;
  /** Forms: JSON, files and what stands between them. */
  readonly maxFormBytes: number;
  /** Complete messages. */
  readonly maxMailBytes: number;
}

/** The headers of a hundred parts at 10 KiB each. */
const BETWEEN_PARTS = 1_048_576;

export function bodyLimits(maxBodyBytes: number, { maxMessageBytes }: Pick<Uploads, 'maxMessageBytes'>): BodyLimits {
  return {
    maxBodyBytes,
    maxFormBytes: maxBodyBytes + maxMessageBytes + BETWEEN_PARTS,
    maxMailBytes: maxMessageBytes,
  };
}

/** The limit for a body of this type, wherever it is sent to. */
export function maxBytesOf(contentType: string | null | undefined, limits: BodyLimits): number {
  if (isType(contentType, 'multipart/form-data')) return limits.maxFormBytes;
  return isType(contentType, 'message/rfc822') ? limits.maxMailBytes : limits.maxBodyBytes;
}
