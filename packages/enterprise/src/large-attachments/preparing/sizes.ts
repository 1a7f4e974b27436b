// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { BroughtFile, SubmittedFile } from '@mail-proxy/core';
import type { LargeFileConfig } from '../settings/large-file-config.ts';

const BYTES_PER_MB = 1_048_576;

type Sized = Pick<SubmittedFile, 'disposition' | 'sizeBytes'>;

/** What the HTML of a message shows is never taken out of it. */
export function isLarge(
  { disposition, sizeBytes }: Sized & { readonly sizeBytes: number },
  config: LargeFileConfig,
): boolean {
  return disposition === 'attachment' && sizeBytes > config.max_size_mb * BYTES_PER_MB;
}

/** As far as it is known before its bytes came. */
export function mayBeLarge({ disposition, sizeBytes }: Sized, config: LargeFileConfig): boolean {
  return sizeBytes === null ? disposition === 'attachment' : isLarge({ disposition, sizeBytes }, config);
}

/** Such as `52.4 MB`: rounded up, so that it is never said to be what is still allowed. */
export function megabytes(bytes: number): string {
  return `${(Math.ceil((bytes / BYTES_PER_MB) * 10) / 10).toFixed(1)} MB`;
}

/** For the reason of a refusal. */
export function overLimit({ filename, sizeBytes }: BroughtFile, { max_size_mb }: LargeFileConfig): string {
  const limit = Number.isInteger(max_size_mb) ? max_size_mb.toFixed(1) : String(max_size_mb);
  return `Attachment ${filename} (${megabytes(sizeBytes)}) exceeds the limit (${limit} MB)`;
}

/** Files that a line of a history names at most. */
const MAX_NAMED = 3;

/** For the line of a history that tells of files. */
export function named(files: readonly BroughtFile[]): string {
  const first = files.slice(0, MAX_NAMED).map(({ filename, sizeBytes }) => `${filename} (${megabytes(sizeBytes)})`);
  const more = files.length - first.length;
  return first.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** For those who count. */
export function sumOf(files: readonly BroughtFile[]): { readonly files: number; readonly size_bytes: number } {
  return { files: files.length, size_bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}
