// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { HeldFile, UploadedFile } from '../../attachments/uploaded-file.ts';
import type { Clock } from '../../clock.ts';
import type { MakePk } from '../../identity.ts';
import type { CombinedHooks } from '../../mixin/hooks.ts';
import type { Traces } from '../../observability/traces.ts';
import type { RetryPolicy, RetryPolicyInput } from '../../retry-policy.ts';
import type { MessageEventStore } from '../message-event/message-event.store.ts';
import type { FindSuppressed } from '../suppression/suppression-check.ts';
import type { AttachmentRules } from './attachment-rules.ts';
import type { SealAttachmentAuth } from './draft-attachment.ts';
import type { KeysInFlight } from './keys-in-flight.ts';
import type { MessageStore } from './message.store.ts';
import type { OnInDoubt } from './message.table.ts';
import type { Batches, BatchKey, LaneName, MessageControl } from './message-control.types.ts';
import type { MessageDraft } from './message-draft.ts';
import type { MessageRow } from './message-row.ts';
import type { MessageState } from './message-state.ts';
import type { OnceStore, Replacement } from './once.types.ts';
import type { FoundId } from './submitted.ts';
import type { RoomLimits, TenantRoom } from './tenant-room.ts';
import type { WaitingFor } from './waiting-for.ts';

/** State in which a message was stored. */
export type AcceptedState = 'preparing' | 'ready' | 'deferred' | 'suspended';

/** A file that is stored apart from the message that has it. Hashes in lower-case hex. */
export interface StoredFile {
  readonly md5: string;
  readonly sha256: string;
}

/** A rate limit that is reached. */
export interface LimitReached {
  /** Milliseconds since the epoch: when there is room again. */
  readonly until: number;
  readonly limit: number;
  readonly windowMs: number;
  /** `account` or `tenant`. */
  readonly scope: string;
}

/** What acceptance has to know of an account and its tenant. */
export interface AcceptingAccount {
  readonly retry: RetryPolicyInput | null;
  readonly tenant: {
    readonly retry: RetryPolicyInput | null;
    readonly onInDoubt: OnInDoubt;
    readonly refuseOverLimit: boolean;
    readonly room: RoomLimits;
  };
}

/** What accepting messages needs. */
export interface SubmissionServices {
  readonly clock: Clock;
  readonly makePk: MakePk;
  readonly maxBatch: number;
  readonly maxRecipients: number;
  /** What messages of the tenant may have attached. */
  readonly attachmentRules: (tenantId: string) => Promise<AttachmentRules>;
  /** Store a file that a client holds; resolves with what a message names it by. */
  readonly storeFile: (tenantId: string, file: HeldFile) => Promise<StoredFile>;
  /** Messages that come complete. */
  readonly rawMessages: {
    readonly maxBytes: number;
    /** Keep lines until they are stored. */
    readonly hold: (body: AsyncIterable<Uint8Array>) => Promise<UploadedFile>;
  };
  readonly sealAttachmentAuth: SealAttachmentAuth;
  /** Seal what a message says and has, before it is stored. @defaultValue it is stored as it is */
  readonly sealDraft?: ((draft: MessageDraft) => Promise<MessageDraft>) | undefined;
  /** The instance's; tenants and accounts may change it. */
  readonly retry: RetryPolicy;
  readonly accounts: {
    /** The account that a message uses: the named one, else the default or only one of the tenant. */
    resolve(tenantId: string, accountId: string | null): Promise<{ readonly pk: string; readonly id: string } | null>;
    /** The same among the sandboxes of the tenant. */
    resolveSandbox(
      tenantId: string,
      accountId: string | null,
    ): Promise<{ readonly pk: string; readonly id: string } | null>;
    /** Cached for a moment. @throws {MailProxyError} `not_found` */
    relayRow(pk: string): Promise<AcceptingAccount>;
  };
  /**
   * The queue's; resolves once the message is on disk, and wakes the dispatcher.
   * @throws {MailProxyError} `duplicate_id`
   */
  readonly accept: (draft: MessageDraft) => Promise<AcceptedState>;
  /**
   * Let a draft take the place of what a waiting message said; resolves with its state once that is on disk.
   * @throws {MailProxyError} `in_flight`: it does not wait any more
   */
  readonly replace: (replacement: Replacement) => Promise<MessageState>;
  /** The message that has an id in the tenant, or had it before it was removed. */
  readonly findTaken: (tenantId: string, id: string) => Promise<FoundId | null>;
  /** Requests that come with a key. */
  readonly once: Pick<OnceStore, 'find' | 'accept'>;
  readonly keysInFlight: Pick<KeysInFlight, 'enter'>;
  /** How much of each tenant's mail may wait. */
  readonly room: Pick<TenantRoom, 'take' | 'limitsOf'>;
  /** How long their answers are kept, in milliseconds. */
  readonly idempotencyMs: number;
  /** @defaultValue nothing is traced */
  readonly traces?: Pick<Traces, 'acceptance'>;
  /** Who is on the tenant's suppression list. */
  readonly findSuppressed: FindSuppressed;
  /** A message was refused for these entries of the list. */
  readonly suppressionRefused: (entryPks: readonly string[]) => void;
  /** What mixins find wrong with a message; null where none is to be asked. */
  readonly accepting: CombinedHooks['accepting'];
  /** Whether mixins are to be asked of a message's files once they are here; null where none is. */
  readonly needsPreparing: CombinedHooks['needsPreparing'];
  /** The limit that keeps the account from sending now; null where none does. */
  readonly limitGate: (accountPk: string) => Promise<LimitReached | null>;
}

/** What changing messages by hand needs. */
export interface ControlServices extends Pick<SubmissionServices, 'clock' | 'retry' | 'accounts'> {
  readonly messages: MessageStore;
  readonly control: MessageControl;
  /** The number of this engine's session. */
  readonly session: () => number;
  /** True: this engine holds the message and guarantees that it never reaches MAIL from now on. */
  readonly stopFlight: (pk: string) => boolean;
  /** A flight that was stopped is not changed after all: it goes back to its lane, unless it is gone from it. */
  readonly giveBack: (message: Pick<MessageRow, 'pk' | 'tenant_id' | 'account_pk'>) => Promise<void>;
  /** Messages of these lanes became ready, immediate ones perhaps. */
  readonly wake: (lanes: readonly LaneName[]) => void;
  /** Messages are due whose attachments are to be fetched. */
  readonly prepare: () => void;
  /** A message is not to be prepared as it was. */
  readonly stopPreparing: (pk: string) => void;
  /** Messages are due at other times than before. */
  readonly rescheduled: () => void;
  /** Events of the tenant were written. */
  readonly told: (tenantId: string) => void;
}

/** What suspending batches needs. */
export interface BatchServices extends Pick<ControlServices, 'clock' | 'wake' | 'prepare' | 'rescheduled'> {
  readonly batches: Batches;
  /** A batch was suspended: give back what is claimed of it and was not handed to MAIL, on every instance. */
  readonly batchSuspended: (batch: BatchKey) => Promise<void>;
}

/** What the operations on messages need. */
export interface MessageServices extends SubmissionServices, ControlServices, BatchServices {
  readonly messageEvents: Pick<MessageEventStore, 'listOfMessage'>;
  /** What keeps a message from being sent; empty exactly for final ones. */
  readonly explain: (message: MessageRow) => Promise<readonly WaitingFor[]>;
}
