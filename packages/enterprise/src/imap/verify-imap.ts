// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '@mail-proxy/core';
import type { ImapFlow, MailboxObject } from 'imapflow';
import type { ImapFault, ImapTarget, ImapVerdict } from './imap.schema.ts';
import { createImapClient, isPreauthenticated, stageOf } from './imap-client.ts';
import { imapFault } from './imap-fault.ts';

/** A server that does not answer LOGOUT is left after this: by then the verdict is known. */
const LOGOUT_MS = 2_000;

export interface VerifyImapOptions {
  readonly clock: Clock;
  /** PEM certificates trusted instead of the system's. */
  readonly ca?: string;
}

/**
 * Connect, log in, open the mailbox read-only and log out, with a connection of its own. Never rejects for what the
 * server or the network does: the verdict says at which stage it failed. Takes at most `timeout_ms` and 2 s.
 */
export async function verifyImap(target: ImapTarget, { clock, ca }: VerifyImapOptions): Promise<ImapVerdict> {
  const { user, password } = target;
  const client = await createImapClient(target, {
    auth: { user, pass: password },
    timeoutMs: target.timeout_ms,
    ...(ca !== undefined && { ca }),
  });
  const session: Session = { client, target, tls: target.tls, isLoggedIn: false };
  // Without a listener Node would throw what comes after the verdict; before it, it says more than "closed".
  let lost: unknown;
  client.on('error', (error) => {
    lost ??= error;
  });
  const expired = Promise.withResolvers<ImapVerdict>();
  using _deadline = clock.after(target.timeout_ms, () => {
    expired.resolve(failed(session, TIMED_OUT));
    client.close();
  });
  try {
    return await Promise.race([expired.promise, attempt(session)]);
  } catch (error) {
    return failed(session, imapFault(lost ?? error, target));
  } finally {
    await leave(client, clock);
  }
}

interface Session {
  readonly client: ImapFlow;
  readonly target: ImapTarget;
  readonly tls: ImapTarget['tls'];
  /** The client's own flags about it are reset when the connection is lost. */
  isLoggedIn: boolean;
}

const TIMED_OUT: ImapFault = { code: 'timeout', message: 'the server took longer than allowed' };

const ENDED: ImapFault = { code: 'closed', message: 'the server ended the session' };

const NOT_CHECKED: ImapFault = {
  code: 'unsupported',
  message: 'the server greets every connection as logged in (PREAUTH), so user and password were not checked',
};

async function attempt(session: Session): Promise<ImapVerdict> {
  const { client, target } = session;
  await client.connect();
  if (isPreauthenticated(client)) return failed(session, NOT_CHECKED);
  session.isLoggedIn = true;
  // Undefined, against its type, when the server ended the session between two commands.
  const opened: MailboxObject | undefined = await client.mailboxOpen(target.mailbox, { readOnly: true });
  if (opened === undefined) return failed(session, ENDED);
  return { ok: true, stage: 'done', mailbox: stateOf(opened), capabilities: capabilitiesOf(client) };
}

function failed(session: Session, error: ImapFault): ImapVerdict {
  const capabilities = capabilitiesOf(session.client);
  return {
    ok: false,
    stage: stageOf(session.client, session),
    ...(capabilities.length > 0 && { capabilities }),
    error,
  };
}

function capabilitiesOf(client: ImapFlow): string[] {
  return [...client.capabilities.keys()];
}

/** imapflow leaves out what the server did not say, though its types promise all. */
function stateOf({ exists, uidValidity, uidNext }: Partial<MailboxObject>): NonNullable<ImapVerdict['mailbox']> {
  return {
    exists: exists ?? null,
    // 32 bits (RFC 9051 §2.3.1.1)
    uidvalidity: uidValidity === undefined ? null : Number(uidValidity),
    uidnext: uidNext ?? null,
  };
}

async function leave(client: ImapFlow, clock: Clock): Promise<void> {
  using _patience = clock.after(LOGOUT_MS, () => client.close());
  if (client.usable) await client.logout();
  client.close();
}
