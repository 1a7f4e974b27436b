// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Call, type Clock, defineOperation, invalidInput, MailProxyError, type MakePk } from '@mail-proxy/core';
import * as v from 'valibot';
import type { MailReaders } from '../mail-readers.ts';
import { mailboxView, mailView, statusView } from './mailbox.model.ts';
import {
  checkOutput,
  createMailboxInput,
  listMailboxesInput,
  listMailsInput,
  mailboxOutput,
  mailboxPage,
  mailboxReference,
  mailboxStatusOutput,
  mailOutput,
  mailPage,
  mailReference,
  updateMailboxInput,
} from './mailbox.schema.ts';
import { mailboxSettings } from './mailbox.settings.ts';
import type { MailboxOwner, MailboxStore } from './mailbox.store.ts';

/** What the operations on mailboxes use. */
export interface MailboxServices {
  readonly mailboxes: MailboxStore;
  readonly readers: Pick<MailReaders, 'for'>;
  readonly clock: Clock;
  readonly makePk: MakePk;
  /** The mailbox changed, or is to be looked into. */
  readonly changed: (pk: string) => void;
}

const DEFAULT_TENANT = 'default';

const createMailbox = defineOperation({
  name: 'mailboxes.create',
  summary: 'Add a mailbox that is read over IMAP',
  http: { method: 'POST', path: '/v1/mailboxes', status: 201 },
  access: 'tenant',
  scope: 'mailboxes:write',
  audit: true,
  input: createMailboxInput,
  output: mailboxOutput,
  run: async ({ mailboxes, clock, makePk, changed }: MailboxServices, input, call) => {
    const owner = ownerOf(input, call);
    const mailbox = await mailboxes.create({ pk: makePk(), owner }, mailboxSettings(input, null), clock.now());
    changed(mailbox.pk);
    return mailboxView(mailbox);
  },
});

const listMailboxes = defineOperation({
  name: 'mailboxes.list',
  summary: 'List the mailboxes, the oldest first',
  http: { method: 'GET', path: '/v1/mailboxes' },
  access: 'tenant',
  scope: 'mailboxes:read',
  audit: false,
  input: listMailboxesInput,
  output: mailboxPage,
  run: async ({ mailboxes }: MailboxServices, input, { reach }) => {
    const { items, next } = await mailboxes.list(reach, input);
    return { items: items.map(mailboxView), next };
  },
});

const getMailbox = defineOperation({
  name: 'mailboxes.get',
  summary: 'Show a mailbox; its secrets are never shown',
  http: { method: 'GET', path: '/v1/mailboxes/{mailbox_id}' },
  access: 'tenant',
  scope: 'mailboxes:read',
  audit: false,
  input: mailboxReference,
  output: mailboxOutput,
  run: async ({ mailboxes }: MailboxServices, input, { reach }) =>
    mailboxView(await mailboxes.get(reach, input.mailbox_id)),
});

const updateMailbox = defineOperation({
  name: 'mailboxes.update',
  summary: 'Change a mailbox and check it; a field that is absent stays, null clears it or sets its default',
  http: { method: 'PATCH', path: '/v1/mailboxes/{mailbox_id}' },
  access: 'tenant',
  scope: 'mailboxes:write',
  audit: true,
  input: updateMailboxInput,
  output: mailboxOutput,
  run: async ({ mailboxes, clock, changed }: MailboxServices, { mailbox_id, tenant_id: _, ...input }, { reach }) => {
    const revise = (current: Parameters<typeof mailboxSettings>[1]) => mailboxSettings(input, current);
    const mailbox = await mailboxes.update(reach, mailbox_id, { revise, now: clock.now() });
    changed(mailbox.pk);
    return mailboxView(mailbox);
  },
});

const deleteMailbox = defineOperation({
  name: 'mailboxes.delete',
  summary: 'Delete a mailbox here; what lies on its server stays',
  http: { method: 'DELETE', path: '/v1/mailboxes/{mailbox_id}', status: 204 },
  access: 'tenant',
  scope: 'mailboxes:write',
  audit: true,
  input: mailboxReference,
  output: v.null(),
  run: async ({ mailboxes, changed }: MailboxServices, { mailbox_id }, { reach }) => {
    await mailboxes.delete(reach, mailbox_id);
    changed(mailbox_id);
    return null;
  },
});

const mailboxStatus = defineOperation({
  name: 'mailboxes.status',
  summary: 'Show how far a mailbox was read and how the last check went',
  http: { method: 'GET', path: '/v1/mailboxes/{mailbox_id}/status' },
  access: 'tenant',
  scope: 'mailboxes:read',
  audit: false,
  input: mailboxReference,
  output: mailboxStatusOutput,
  run: async ({ mailboxes, readers }: MailboxServices, input, { reach }) => {
    const mailbox = await mailboxes.get(reach, input.mailbox_id);
    const [position, counts] = await Promise.all([mailboxes.position(mailbox.pk), mailboxes.counts(mailbox.pk)]);
    if (position === null) throw new MailProxyError('not_found');
    return statusView(mailbox, position, { counts, isRead: readers.for(mailbox.purposes).length > 0 });
  },
});

const checkMailbox = defineOperation({
  name: 'mailboxes.check',
  summary: 'Look into a mailbox now, or as soon as its server may be asked to log in again',
  http: { method: 'POST', path: '/v1/mailboxes/{mailbox_id}/check', status: 202 },
  access: 'tenant',
  scope: 'mailboxes:write',
  audit: true,
  input: mailboxReference,
  output: checkOutput,
  run: async (services: MailboxServices, input, { reach }) => {
    const { pk, isEnabled } = await services.mailboxes.get(reach, input.mailbox_id);
    if (!isEnabled) throw new MailProxyError('conflict', { detail: 'the mailbox is disabled' });
    return { checks_at: new Date(await askForCheck(services, pk)).toISOString() };
  },
});

const listMails = defineOperation({
  name: 'mailboxes.list-mails',
  summary: 'List mail of a mailbox by what became of it: by default, what was set aside',
  http: { method: 'GET', path: '/v1/mailboxes/{mailbox_id}/mails' },
  access: 'tenant',
  scope: 'mailboxes:read',
  audit: false,
  input: listMailsInput,
  output: mailPage,
  run: async ({ mailboxes }: MailboxServices, input, { reach }) => {
    const { pk } = await mailboxes.get(reach, input.mailbox_id);
    const { items, next } = await mailboxes.mails(pk, input.state, input);
    return { items: items.map(mailView), next };
  },
});

const retryMail = defineOperation({
  name: 'mailboxes.retry-mail',
  summary: 'Try mail again that was set aside',
  http: { method: 'POST', path: '/v1/mailboxes/{mailbox_id}/mails/{mail_id}/retry' },
  access: 'tenant',
  scope: 'mailboxes:write',
  audit: true,
  input: mailReference,
  output: mailOutput,
  run: async (services: MailboxServices, input, { reach }) => {
    const { mailboxes, clock } = services;
    const { pk } = await mailboxes.get(reach, input.mailbox_id);
    const mail = await mailboxes.retryMail(pk, input.mail_id, clock.now());
    await askForCheck(services, pk);
    return mailView(mail);
  },
});

/** @returns when it is checked: not before the server may be asked to log in again */
async function askForCheck({ mailboxes, clock, changed }: MailboxServices, pk: string): Promise<number> {
  const position = await mailboxes.position(pk);
  if (position === null) throw new MailProxyError('not_found');
  const now = clock.now();
  const at = position.condition === 'login_failed' ? Math.max(now, position.next_check_at) : now;
  await mailboxes.ask(pk, now, at);
  changed(pk);
  return at;
}

/** @throws {MailProxyError} `invalid_input`, `forbidden` */
function ownerOf(input: v.InferOutput<typeof createMailboxInput>, { principal, reach }: Call): MailboxOwner {
  const { account_id: accountRef, tenant_id: tenantId } = input;
  const scope = input.scope ?? (accountRef === undefined ? 'tenant' : 'account');
  if ((scope === 'account') !== (accountRef !== undefined)) {
    const message = scope === 'account' ? 'required, since scope is account' : `expected none, since scope is ${scope}`;
    throw invalidInput([{ pointer: '/account_id', message }]);
  }
  if (scope !== 'instance') return { tenantId: reach.tenantId ?? DEFAULT_TENANT, accountRef: accountRef ?? null };
  if (principal.kind !== 'admin') {
    throw new MailProxyError('forbidden', { detail: 'a mailbox of the instance is the operator’s to add' });
  }
  if (tenantId !== undefined) {
    throw invalidInput([{ pointer: '/tenant_id', message: 'expected none, since scope is instance' }]);
  }
  return { tenantId: null, accountRef: null };
}

/** Commands on mailboxes. */
export const mailboxOperations = [
  createMailbox,
  listMailboxes,
  getMailbox,
  updateMailbox,
  deleteMailbox,
  mailboxStatus,
  checkMailbox,
  listMails,
  retryMail,
] as const;
