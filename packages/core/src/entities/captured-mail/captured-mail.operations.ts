// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { MailProxyError } from '../../errors.ts';
import { piecesOfBytes } from '../../operations/lines.ts';
import { defineOperation } from '../../operations/operation.ts';
import { hasScope } from '../../operations/principal.ts';
import {
  capturedAttachmentReference,
  capturedOutput,
  capturedPage,
  capturedReference,
  capturedView,
  clearCapturedInput,
  clearedOutput,
  contentView,
  listCapturedInput,
} from './captured-mail.schema.ts';
import type { CapturedMailStore } from './captured-mail.store.ts';
import { readCaptured } from './read-captured.ts';

/** What the operations on captured mail use. */
export interface CapturedMailServices {
  readonly capturedMails: CapturedMailStore;
}

const listCaptured = defineOperation({
  name: 'sandbox-messages.list',
  summary: 'List the mail that sandboxes captured, the newest first',
  http: { method: 'GET', path: '/v1/sandbox/messages' },
  access: 'tenant',
  scope: 'messages:read',
  forTestKeys: true,
  audit: false,
  input: listCapturedInput,
  output: capturedPage,
  async run({ capturedMails }: CapturedMailServices, input, { reach, principal }) {
    const { recipient, message_id: messageId, account_id: account, since } = input;
    const filter = { recipient, messageId, account, since: since === undefined ? undefined : Date.parse(since) };
    const { items, next } = await capturedMails.list(reach, filter, input);
    const hasContent = hasScope(principal, 'messages:content');
    return { items: items.map((mail) => capturedView(mail, { hasContent })), next };
  },
});

const getCaptured = defineOperation({
  name: 'sandbox-messages.get',
  summary: 'Show a mail that a sandbox captured: its envelope, and with messages:content what it says',
  http: { method: 'GET', path: '/v1/sandbox/messages/{mail_id}' },
  access: 'tenant',
  scope: 'messages:read',
  forTestKeys: true,
  audit: false,
  input: capturedReference,
  output: capturedOutput,
  async run({ capturedMails }: CapturedMailServices, { mail_id }, { reach, principal }) {
    const hasContent = hasScope(principal, 'messages:content');
    const mail = await capturedMails.get(reach, mail_id);
    const content = hasContent ? contentView(await readCaptured(await capturedMails.content(reach, mail.pk))) : null;
    return { ...capturedView(mail, { hasContent }), content };
  },
});

const downloadCaptured = defineOperation({
  name: 'sandbox-messages.download',
  summary: 'Download a mail that a sandbox captured, byte for byte as a relay would have got it',
  http: { method: 'GET', path: '/v1/sandbox/messages/{mail_id}/raw', bytes: 'message/rfc822' },
  access: 'tenant',
  scope: 'messages:content',
  forTestKeys: true,
  audit: false,
  input: capturedReference,
  output: piecesOfBytes,
  async run({ capturedMails }: CapturedMailServices, { mail_id }, { reach }) {
    return inPieces(await capturedMails.content(reach, mail_id));
  },
});

const downloadAttachment = defineOperation({
  name: 'sandbox-messages.download-attachment',
  summary: 'Download an attachment of a mail that a sandbox captured',
  http: {
    method: 'GET',
    path: '/v1/sandbox/messages/{mail_id}/attachments/{position}',
    bytes: 'application/octet-stream',
  },
  access: 'tenant',
  scope: 'messages:content',
  forTestKeys: true,
  audit: false,
  input: capturedAttachmentReference,
  output: piecesOfBytes,
  async run({ capturedMails }: CapturedMailServices, { mail_id, position }, { reach }) {
    const { attachments } = await readCaptured(await capturedMails.content(reach, mail_id));
    const found = attachments[position];
    if (found === undefined) throw new MailProxyError('not_found', { detail: 'the mail has no such attachment' });
    return inPieces(found.bytes);
  },
});

const deleteCaptured = defineOperation({
  name: 'sandbox-messages.delete',
  summary: 'Remove a mail that a sandbox captured',
  http: { method: 'DELETE', path: '/v1/sandbox/messages/{mail_id}', status: 204 },
  access: 'tenant',
  scope: 'messages:manage',
  forTestKeys: true,
  audit: true,
  input: capturedReference,
  output: v.null(),
  async run({ capturedMails }: CapturedMailServices, { mail_id }, { reach }) {
    await capturedMails.remove(reach, mail_id);
    return null;
  },
});

const clearCaptured = defineOperation({
  name: 'sandbox-messages.clear',
  summary: 'Remove all mail that sandboxes captured, or that of one account',
  http: { method: 'DELETE', path: '/v1/sandbox/messages' },
  access: 'tenant',
  scope: 'messages:manage',
  forTestKeys: true,
  audit: true,
  input: clearCapturedInput,
  output: clearedOutput,
  run: async ({ capturedMails }: CapturedMailServices, { account_id }, { reach }) => ({
    removed: await capturedMails.clear(reach, account_id ?? null),
  }),
});

/** Commands on what sandboxes captured. */
export const capturedMailOperations = [
  listCaptured,
  getCaptured,
  downloadCaptured,
  downloadAttachment,
  deleteCaptured,
  clearCaptured,
] as const;

const PIECE_BYTES = 65_536;

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
