// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '@mail-proxy/core';
import * as v from 'valibot';
import { allOf, type GenroCall, has, type Shown } from './call.ts';
import { commandLogRoutes } from './command-log.ts';
import type { GenroRoutes } from './genro-routes.types.ts';
import { flag, maybe, seconds, text, whole } from './given-fields.ts';
import { mailboxSettings } from './pec-mailboxes.ts';

const instanceInput = v.object({
  bounce_enabled: maybe(flag),
  bounce_imap_host: maybe(text),
  bounce_imap_port: maybe(whole),
  bounce_imap_user: maybe(text),
  bounce_imap_password: maybe(text),
  bounce_imap_folder: maybe(text),
  bounce_imap_ssl: maybe(flag),
  bounce_poll_interval: maybe(whole),
});
type InstanceInput = v.InferOutput<typeof instanceInput>;

/** The mailbox of bounces of all tenants, of which there was one, as it is listed and read here. */
interface BounceMailbox {
  readonly pk: string;
  readonly scope: string;
  readonly purposes: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly tls: string;
  readonly folder: string;
  readonly poll_interval_seconds: number;
  readonly enabled: boolean;
}

/** Seconds, as it was by default. */
const POLL_INTERVAL_S = 60;

export const instanceRoutes: GenroRoutes = {
  ...commandLogRoutes,
  'GET /status': async (call) => {
    const { sending } = await call.run('instance.status', {});
    return { ok: true, active: sending };
  },
  'GET /instance': async (call) => {
    const instance = await call.run('instance.get', {});
    return { ok: true, ...instanceView(instance), ...bounceView(await bounceMailbox(call)) };
  },
  'PUT /instance': async (call) => {
    adminOnly(call);
    await putBounceMailbox(call, await call.body(instanceInput));
    return { ok: true };
  },
  'POST /instance/reload-bounce': async (call) => {
    adminOnly(call);
    const mailbox = await bounceMailbox(call);
    if (mailbox?.enabled === true) await call.run('mailboxes.check', { mailbox_id: mailbox.pk });
    return { ok: true, enabled: mailbox?.enabled ?? false, message: 'Config reloaded' };
  },
  'POST /instance/upgrade-to-ee': async (call) => {
    const { edition } = await call.run('instance.get', {});
    if (edition === 'enterprise') return { ok: true, edition: 'ee', message: 'Already in Enterprise Edition' };
    const detail = 'Enterprise Edition is not installed: it comes with the package @mail-proxy/enterprise';
    throw new MailProxyError('malformed_request', { detail });
  },
};

function adminOnly({ principal }: GenroCall): void {
  if (principal.kind !== 'admin') throw new MailProxyError('forbidden', { detail: 'Admin token required' });
}

async function bounceMailbox(call: GenroCall): Promise<BounceMailbox | null> {
  if (!has(call, 'mailboxes.list')) return null;
  const mailboxes = await allOf<BounceMailbox>(call, 'mailboxes.list', {});
  return mailboxes.find(({ scope, purposes }) => scope === 'instance' && purposes.includes('bounces')) ?? null;
}

/** What is said before host, user and password are there has nowhere to be kept. */
async function putBounceMailbox(call: GenroCall, input: InstanceInput): Promise<void> {
  if (!has(call, 'mailboxes.create')) return;
  const known = await bounceMailbox(call);
  const settings = settingsOf(input);
  if (known !== null) {
    await call.run('mailboxes.update', { mailbox_id: known.pk, ...settings });
    return;
  }
  const { bounce_imap_host: host, bounce_imap_user: user, bounce_imap_password: password } = input;
  if (host === undefined || user === undefined || password === undefined) return;
  await call.run('mailboxes.create', {
    scope: 'instance',
    name: 'bounces',
    purposes: ['bounces'],
    after_handling: 'leave',
    enabled: false,
    poll_interval_seconds: POLL_INTERVAL_S,
    ...settings,
  });
}

function settingsOf(input: InstanceInput): object {
  const { bounce_enabled: enabled, bounce_poll_interval: seconds } = input;
  return {
    ...mailboxSettings({
      imap_host: input.bounce_imap_host,
      imap_port: input.bounce_imap_port,
      imap_user: input.bounce_imap_user,
      imap_password: input.bounce_imap_password,
      imap_folder: input.bounce_imap_folder,
      imap_ssl: input.bounce_imap_ssl,
    }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(seconds === undefined ? {} : { poll_interval_seconds: Math.max(1, seconds) }),
  };
}

function instanceView(instance: Shown) {
  return {
    id: 1,
    name: instance['name'],
    edition: instance['edition'] === 'enterprise' ? 'ee' : 'ce',
    created_at: seconds(instance['created_at']),
  };
}

/** Without the password. */
function bounceView(mailbox: BounceMailbox | null) {
  return {
    bounce_enabled: mailbox?.enabled ?? false,
    bounce_imap_host: mailbox?.host ?? null,
    bounce_imap_port: mailbox?.port ?? null,
    bounce_imap_user: mailbox?.user ?? null,
    bounce_imap_folder: mailbox?.folder ?? null,
    bounce_imap_ssl: mailbox === null ? null : mailbox.tls !== 'none',
    bounce_poll_interval: mailbox?.poll_interval_seconds ?? null,
  };
}
