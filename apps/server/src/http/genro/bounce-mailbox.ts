// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { InstanceInput } from './bounce-input.ts';
import { allOf, type GenroCall, has } from './call.ts';
import { mailboxSettings } from './pec-mailboxes.ts';

/** Who may see and change what is the operator's. */
type Operator = Pick<GenroCall, 'run' | 'engine'>;

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

export async function bounceMailbox(call: Operator): Promise<BounceMailbox | null> {
  if (!has(call, 'mailboxes.list')) return null;
  const mailboxes = await allOf<BounceMailbox>(call, 'mailboxes.list', {});
  return mailboxes.find(({ scope, purposes }) => scope === 'instance' && purposes.includes('bounces')) ?? null;
}

/** What is said before host, user and password are there has nowhere to be kept. */
export async function putBounceMailbox(call: Operator, input: InstanceInput): Promise<void> {
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

/** Without the password. */
export function bounceView(mailbox: BounceMailbox | null) {
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
