// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MessagesTable } from './message.table.ts';

/** A message's row with the name its account has for the client. */
export type MessageRow = Omit<MessagesTable, 'owner_session' | 'rank' | 'handed_at' | 'units' | 'size_bytes'> & {
  readonly account_id: string;
};

/** What an operation on messages shows and decides by. */
export const MESSAGE_COLUMNS = [
  'messages.pk',
  'messages.tenant_id',
  'messages.id',
  'messages.account_pk',
  'messages.state',
  'messages.result',
  'messages.priority',
  'messages.eligible_at',
  'messages.attempts',
  'messages.batch_code',
  'messages.message_id',
  'messages.expires_at',
  'messages.on_in_doubt',
  'messages.last_error',
  'messages.content_removed',
  'messages.created_at',
  'messages.updated_at',
  'messages.final_at',
  'accounts.id as account_id',
] as const;
