// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/**
 * What is done with a message whose id the tenant has used already.
 * - `reject`: refuse it.
 * - `ignore`: answer with the message that is there, which stays as it is.
 * - `replace_if_pending`: let it take the place of one that waits and was never sent; else refuse it.
 */
export const ON_CONFLICT = ['reject', 'ignore', 'replace_if_pending'] as const;
export type OnConflict = (typeof ON_CONFLICT)[number];
