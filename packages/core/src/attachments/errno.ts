// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** The code of an error of the operating system, such as ENOENT; null for any other error. */
export function errnoOf(error: unknown): string | null {
  return error instanceof Error && 'errno' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}
