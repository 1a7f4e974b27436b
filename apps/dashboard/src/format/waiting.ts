// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Lane } from '../api/shapes.ts';
import { plain, sentence } from './words.ts';

const WORDS: Readonly<Record<string, string>> = {
  rate_limit: 'A limit is used up',
  account_paused: 'The account is paused',
  account_probe: 'One message tries whether the account works again',
  tenant_suspended: 'The tenant is suspended',
  batch_suspended: 'The batch is suspended',
  instance_paused: 'All sending is paused',
  scheduled: 'It is to be sent later',
  retry: 'It is tried again later',
  held: 'It is held until it is released',
  in_doubt: 'Nobody knows whether the relay took it',
  attachments: 'Its attachments are fetched',
  sending: 'It is being sent',
  server_busy: 'The server sends as much as it can',
  host_failing: 'The host does not answer',
  slowed_down: 'The relay asked to go slower',
  account_busy: 'All connections of the account are in use',
  turn: 'Others go first',
};

/** Why an account is paused, in words: what its relay said, or a person. */
export function pauseWords({ kind, reason }: NonNullable<Lane['pause']>): string {
  if (kind === 'failures') return reason.reply;
  return reason.reply === '' ? 'by hand' : `by hand, ${reason.reply}`;
}

/** Why something waits, in words. */
export function waitingWords(kind: string): string {
  return WORDS[kind] ?? sentence(plain(kind));
}
