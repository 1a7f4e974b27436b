// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { BOUNCED_MAILS } from './bounced-mails.case.ts';
import type { WrittenMail } from './mail-forms.case.ts';
import { OTHER_MAILS } from './other-mails.case.ts';

/** Mails of every kind, each with what it should be read as. */
export const RETURNED_MAILS: readonly WrittenMail[] = [...BOUNCED_MAILS, ...OTHER_MAILS];
