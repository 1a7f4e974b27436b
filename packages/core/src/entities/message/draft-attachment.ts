// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { HeldFile } from '../../attachments/uploaded-file.ts';
import type { Sealed } from '../../secrets/sealed-columns.ts';
import type { SealedPlace } from '../../secrets/sealer.ts';
import type { ClientAuth } from '../tenant/client-auth.ts';
import type { FilePlace } from './content-sealer.ts';
import type { MessageAttachmentsTable } from './message.table.ts';

/** A file of a draft; its message and its place are given when it is stored. */
export interface DraftAttachment
  extends Omit<MessageAttachmentsTable, 'message_pk' | 'position' | 'tenant_id' | 'content_hash' | 'detached'> {
  /** Null where it is still to be fetched. */
  readonly content: DraftContent | null;
}

/** Bytes of a file that came with the message. */
export interface DraftContent {
  /** SHA-256 in hex; the name of the file where contents are sealed. */
  readonly hash: string;
  /** Null where they are stored already. */
  readonly bytes: Uint8Array | null;
  /** Nobody but the draft has the bytes, so that their memory is given back once they are stored. @defaultValue false */
  readonly ownsBytes?: boolean;
  /** Of bytes that are sealed piece by piece: see `attachment_chunks.sealed_as`. */
  readonly sealedAs?: string | null;
  /** Of the file, where its bytes are sealed. */
  readonly sizeBytes?: number;
}

/** A file that may be stored, with its bytes or the place where they are fetched. */
export interface CheckedAttachment extends Omit<DraftAttachment, 'auth' | 'content'> {
  readonly auth: ClientAuth | null;
  /** A file is read when its message is stored; null where the bytes are to be fetched. */
  readonly content: DraftContent | HeldFile | null;
  /** Of bytes that are here; 0 where they are to be fetched. */
  readonly sizeBytes: number;
}

/** Where the credentials of an attachment are sealed to. */
export function authPlace({ messagePk, position }: FilePlace): SealedPlace {
  return { table: 'message_attachments', column: 'auth', row: `${messagePk}:${position}` };
}

/** Seal the credentials of an attachment of a message. */
export type SealAttachmentAuth = (auth: ClientAuth, place: FilePlace) => Sealed;
