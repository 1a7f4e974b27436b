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
export type MessageList = Output<'messages.list'>;
export type MessageSummary = MessageList['items'][number];
export type MessageState = Message['state'];
export type MessageResult = NonNullable<Message['result']>;
export type Recipient = Message['recipients'][number];
export type Attachment = Message['attachments'][number];
export type WaitingFor = Message['waiting_for'][number];
export type MessageEvent = Output<'messages.events'>['items'][number];
export type Lane = Output<'lanes.list'>['items'][number];
export type Statistics = Output<'stats.get'>;
export type Account = Output<'accounts.get'>;
export type Verified = Output<'accounts.verify'>;
export type Tenant = Output<'tenants.list'>['items'][number];
export type ReportCall = Output<'tenants.report-calls'>['items'][number];
export type GivenUp = Output<'events.given-up'>['items'][number];
export type Suppression = Output<'suppressions.list'>['items'][number];
export type LoggedCommand = Output<'command-log.list'>['items'][number];
export type CapturedItem = Output<'sandbox-messages.list'>['items'][number];
export type CapturedMail = Output<'sandbox-messages.get'>;
