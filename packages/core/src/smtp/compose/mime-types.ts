// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { checkMimeType } from './header-policy.ts';
import { detectMimeType } from './nodemailer-primitives.ts';

/** What RFC 2046 §4.5.1 says of content whose type is not known. */
export const UNKNOWN_MIME_TYPE = 'application/octet-stream';

/** Guess the media type from the extension of a file name; {@link UNKNOWN_MIME_TYPE} where it tells nothing. */
export function guessMimeType(filename: string): string {
  const dot = filename.lastIndexOf('.');
  // Given a bare word, nodemailer takes it for an extension: a file called "zip" is no archive.
  if (dot <= 0) return UNKNOWN_MIME_TYPE;
  const type = detectMimeType(filename.slice(dot + 1));
  // Its table has entries that are no media type ("application/ccxml+xml,").
  return checkMimeType(type) === null ? type : UNKNOWN_MIME_TYPE;
}
