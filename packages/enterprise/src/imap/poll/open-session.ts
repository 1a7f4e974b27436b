// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, MixinOutgoing, MixinTokens, ResolvedAddress } from '@mail-proxy/core';
import type { ImapFlow } from 'imapflow';
import { createImapClient, isPreauthenticated, stageOf } from '../imap-client.ts';
import { imapFault } from '../imap-fault.ts';
import type { Mailbox } from '../mailbox/mailbox.model.ts';
import type { MailboxLogin } from '../mailbox/mailbox.store.ts';
import { ImapSession } from './imap-session.ts';
import { MailboxFailure } from './mailbox-failure.ts';
import type { PollSettings } from './poll-settings.ts';
import { PIECE_BYTES } from './read-mail.ts';

export interface OpenSessionParts {
  readonly clock: Clock;
  readonly outgoing: Pick<MixinOutgoing, 'addressesOf'>;
  readonly tokens: MixinTokens;
  readonly settings: Pick<PollSettings, 'openMs' | 'commandMs'>;
  readonly login: (mailboxPk: string) => Promise<MailboxLogin | null>;
}

/** A host with many addresses is none that all have to be tried of. */
const MAX_ADDRESSES = 4;

interface Login {
  readonly auth:
    | { readonly user: string; readonly pass: string }
    | { readonly user: string; readonly accessToken: string };
  readonly secret: string;
}

/** Connects and logs in to mailboxes. */
export class SessionOpener {
  readonly #p: OpenSessionParts;
  /** Tokens that a server refused, by mailbox: the next one has to be another. */
  readonly #refused = new Map<string, string>();

  constructor(parts: OpenSessionParts) {
    this.#p = parts;
  }

  /**
   * Connect, at the first address that takes the connection, and log in once.
   *
   * @returns null where the mailbox was changed since it was read: its secret may be for another server
   * @throws {MailboxFailure}
   * @throws {MailProxyError} of the addresses and the token
   */
  async open(mailbox: Mailbox, signal: AbortSignal): Promise<ImapSession | null> {
    const { clock, outgoing, settings } = this.#p;
    const login = await this.#login(mailbox);
    if (login === null) return null;
    const addresses = (await addressesOf(outgoing, mailbox)).slice(0, MAX_ADDRESSES);
    let failure: MailboxFailure | null = null;
    for (const { address } of addresses) {
      const client = await createImapClient(mailbox, {
        auth: login.auth,
        address,
        timeoutMs: SOCKET_MS,
        pieceBytes: PIECE_BYTES,
        ...(mailbox.tlsCa === null ? {} : { ca: mailbox.tlsCa }),
      });
      const secrets = { user: mailbox.user, password: login.secret };
      try {
        await this.#connect(client, mailbox, { secrets, signal });
        return new ImapSession({ client, clock, signal, commandMs: settings.commandMs, secrets });
      } catch (error) {
        client.close();
        if (!(error instanceof MailboxFailure)) throw error;
        failure = error;
        if (error.isLogin && 'accessToken' in login.auth) this.#refused.set(mailbox.pk, login.auth.accessToken);
        // Whoever answered is the server.
        if (error.shown.stage !== 'connect' || signal.aborted) break;
      }
    }
    throw failure ?? new MailboxFailure({ stage: 'connect', code: 'dns', message: 'the host has no address' });
  }

  async #login({ pk, version, user }: Mailbox): Promise<Login | null> {
    const login = await this.#p.login(pk);
    if (login === null) throw new MailboxFailure({ stage: 'auth', code: 'closed', message: 'the mailbox is gone' });
    if (login.version !== version) return null;
    if ('password' in login) return { auth: { user, pass: login.password }, secret: login.password };
    const accessToken = await this.#p.tokens.source({ pk, version }, login.oauth)(this.#refused.get(pk));
    this.#refused.delete(pk);
    return { auth: { user, accessToken }, secret: accessToken };
  }

  async #connect(
    client: ImapFlow,
    { tls }: Mailbox,
    { secrets, signal }: { readonly secrets: { user: string; password: string }; readonly signal: AbortSignal },
  ): Promise<void> {
    // Without a listener Node would throw what comes later; here it says more than "closed".
    let lost: unknown;
    client.on('error', (error) => {
      lost ??= error;
    });
    const cut = Promise.withResolvers<never>();
    const end = (code: 'timeout' | 'closed', message: string): void => {
      cut.reject(new MailboxFailure({ stage: stageOf(client, { tls, isLoggedIn: false }), code, message }));
      client.close();
    };
    const onAbort = (): void => end('closed', 'the check was stopped');
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    using _deadline = this.#p.clock.after(this.#p.settings.openMs, () =>
      end('timeout', 'the server took longer than allowed'),
    );
    try {
      await Promise.race([cut.promise, client.connect()]);
      if (isPreauthenticated(client)) {
        const message = 'the server greets every connection as logged in (PREAUTH)';
        throw new MailboxFailure({ stage: 'auth', code: 'unsupported', message });
      }
    } catch (error) {
      if (error instanceof MailboxFailure) throw error;
      const stage = stageOf(client, { tls, isLoggedIn: false });
      const fault = imapFault(lost ?? error, secrets);
      // A server that is not there for now says so with a code (RFC 5530), and takes the login later.
      const isLogin = stage === 'auth' && fault.code === 'rejected' && fault.response_code !== 'UNAVAILABLE';
      throw new MailboxFailure({ stage, ...fault }, { isLogin, cause: error });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}

/** Deadlines of the poller stand over all; an idle connection says nothing for the length of an interval. */
const SOCKET_MS = 86_400_000;

async function addressesOf(
  outgoing: Pick<MixinOutgoing, 'addressesOf'>,
  { host, tenantId }: Mailbox,
): Promise<readonly ResolvedAddress[]> {
  try {
    return await outgoing.addressesOf(host, tenantId);
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new MailboxFailure({ stage: 'connect', ...imapFault(error, NO_SECRETS) }, { cause: error });
  }
}

const NO_SECRETS = { user: '', password: '' };
