// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';
import type { MakePk } from '../../identity.ts';
import type { MessageStore } from './message.store.ts';
import type { MessageDraft } from './message-draft.ts';

/** What accepting messages needs. */
export interface SubmissionServices {
  readonly clock: Clock;
  readonly makePk: MakePk;
  readonly maxBatch: number;
  readonly maxRecipients: number;
  readonly accounts: {
    /** The account that a message uses: the named one, else the default or only one of the tenant. */
    resolve(tenantId: string, accountId: string | null): Promise<{ readonly pk: string; readonly id: string } | null>;
  };
  /** The queue's; resolves once the message is on disk, and wakes the dispatcher. */
  readonly accept: (draft: MessageDraft) => Promise<'ready' | 'deferred'>;
}

/** What the other operations on messages need. */
export interface MessageServices extends SubmissionServices {
  readonly messages: MessageStore;
  /** The queue's. @throws {MailProxyError} `in_flight` */
  readonly cancel: (message: { readonly pk: string; readonly tenantId: string }, now: number) => Promise<void>;
}
