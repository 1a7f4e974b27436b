// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { ApiError } from '@mail-proxy/client';
import { sentence } from './words.ts';

/** What went wrong, in words. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 403) return `Your token does not open this: ${error.message}.`;
    if (error.code === 'unreachable') return 'The server cannot be reached. Is it running, and is there a network?';
    return sentence(error.message);
  }
  return error instanceof Error ? error.message : String(error);
}
