// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// What the server answers, by the names that these pages give it.
import type { Output } from '@mail-proxy/client';

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; null at the end. */
  readonly next: string | null;
}

export type Caller = Output<'caller.get'>;
export type Scope = Caller['scopes'][number];

export type Message = Output<'messages.get'>;
export type MessageSummary = Output<'messages.list'>['items'][number];
export type MessageState = Message['state'];
export type MessageResult = NonNullable<Message['result']>;
export type Recipient = Message['recipients'][number];
export type Attachment = Message['attachments'][number];
export type WaitingFor = Message['waiting_for'][number];
export type MessageEvent = Output<'messages.events'>['items'][number];
