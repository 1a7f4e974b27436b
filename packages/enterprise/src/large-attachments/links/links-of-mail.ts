// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Admission, Clock, DetachedFile, HookedMessage } from '@mail-proxy/core';
import type { DetachedData } from '../preparing/rewrite.ts';
import type { LinkStore } from './link.store.ts';
import { linkStateOf } from './link-state.ts';

/** Say whether a mail may go with the links that it has. Nothing is read of one that has none. */
export type LookAtLinks = (
  message: HookedMessage,
  detached: readonly DetachedFile[],
) => Admission | null | Promise<Admission | null>;

/**
 * A message may wait for longer than its links live: it was held, its batch was suspended, its relay was away, somebody tries
 * again by hand. Nobody would be told that what is attached cannot be had.
 */
export function createLookAtLinks({
  id: mixin,
  links,
  clock,
}: {
  /** The mixin's. */
  readonly id: string;
  readonly links: Pick<LinkStore, 'ofMessage'>;
  readonly clock: Pick<Clock, 'now'>;
}): LookAtLinks {
  const look = async (messagePk: string, files: readonly DetachedFile[]): Promise<Admission | null> => {
    const [now, rows] = [clock.now(), await links.ofMessage(messagePk)];
    for (const { filename, data } of files) {
      // Nothing else is ever kept there.
      const { link_pk } = data as DetachedData;
      const link = rows.find(({ pk }) => pk === link_pk);
      // Those that are not there any more have ended.
      const state = link === undefined ? 'expired' : linkStateOf(link, now);
      if (state !== 'live') {
        return { admit: false, permanence: 'permanent', reason: `the link to ${filename} is ${state}` };
      }
    }
    return null;
  };
  return ({ messagePk }, detached) => {
    const own = detached.filter((file) => file.mixin === mixin);
    return own.length === 0 ? null : look(messagePk, own);
  };
}
