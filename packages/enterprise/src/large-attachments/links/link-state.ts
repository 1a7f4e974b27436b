// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { LargeLinksTable } from '../large-attachments.table.ts';

export const LINK_STATES = ['live', 'expired', 'revoked'] as const;
export type LinkState = (typeof LINK_STATES)[number];

/** What became of a link by now. */
export function linkStateOf(link: Pick<LargeLinksTable, 'revoked_at' | 'expires_at'>, now: number): LinkState {
  if (link.revoked_at !== null) return 'revoked';
  return link.expires_at > now ? 'live' : 'expired';
}
