// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Mixin } from '@mail-proxy/core';
import { bounce } from './bounce/bounce.mixin.ts';
import { imap } from './imap/imap.mixin.ts';
import { largeAttachments } from './large-attachments/large-attachments.mixin.ts';
import { pec } from './pec/pec.mixin.ts';
import { storages } from './storages/storages.mixin.ts';

export type * from './bounce/reading/returned-mail.types.ts';

/**
 * What the enterprise edition adds, in the order in which hooks are called: what is certified mail goes out in an envelope of
 * its own, and has no return path for bounces.
 */
export const mixins: readonly Mixin[] = [imap, pec, bounce, storages, largeAttachments];
