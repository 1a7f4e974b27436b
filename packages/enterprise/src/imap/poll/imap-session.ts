// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '@mail-proxy/core';
import type { ImapFlow, MailboxObject } from 'imapflow';
import type { ImapFault } from '../imap.schema.ts';
import { imapFault } from '../imap-fault.ts';
import { MailboxFailure } from './mailbox-failure.ts';

/** What the server says of the folder that was opened. */
export interface OpenedFolder {
  readonly uidvalidity: number;
  /** Null where it does not say. */
  readonly uidnext: number | null;
  readonly exists: number;
  readonly isReadOnly: boolean;
}

export interface MailHead {
  readonly uid: number;
  readonly sizeBytes: number;
  /** In milliseconds since the epoch; null where the server says none that is a time. */
  readonly receivedAt: number | null;
}

export interface ImapSessionParts {
  readonly client: ImapFlow;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly commandMs: number;
  /** Taken out of whatever the server says. */
  readonly secrets: { readonly user: string; readonly password: string };
}

const TIMED_OUT: ImapFault = { code: 'timeout', message: 'the server took longer than allowed' };
const STOPPED: ImapFault = { code: 'closed', message: 'the check was stopped' };
const NONSENSE = 'the server says what cannot be';

/** Highest UID there can be (RFC 9051, 2.3.1.1). */
const MAX_UID = 4_294_967_295;

/**
 * A session that is logged in. Each command has a deadline, at which the connection is closed: a server that hangs is
 * never waited for longer. After a failure the session is of no more use.
 */
export class ImapSession implements AsyncDisposable {
  readonly #p: ImapSessionParts;

  constructor(parts: ImapSessionParts) {
    this.#p = parts;
  }

  get canIdle(): boolean {
    return this.#has('IDLE');
  }

  /** Open the folder, or open it anew: what came and went since is told by what this returns. */
  async open(folder: string, { isReadOnly }: { readonly isReadOnly: boolean }): Promise<OpenedFolder> {
    return this.#step('mailbox', async (client) => {
      const opened: Partial<MailboxObject> | undefined = await client.mailboxOpen(folder, { readOnly: isReadOnly });
      if (opened === undefined) throw this.#ended('mailbox');
      const { uidValidity, uidNext, exists = 0, readOnly = false } = opened;
      if (uidValidity === undefined || uidValidity < 1n || uidValidity > BigInt(MAX_UID)) {
        throw nonsense('mailbox', 'no UIDVALIDITY, without which no mail can be told from another');
      }
      return { uidvalidity: Number(uidValidity), uidnext: uidNext ?? null, exists, isReadOnly: readOnly };
    });
  }

  /** The UID of the mail at that place, from 1; null where there is none. */
  async uidAt(sequence: number): Promise<number | null> {
    const [head] = await this.heads(sequence, sequence);
    return head?.uid ?? null;
  }

  /** The mail from one place to another, both counted in, by its UIDs. */
  async heads(from: number, to: number): Promise<readonly MailHead[]> {
    return this.#step('fetch', async (client) => {
      const found = new Map<number, MailHead>();
      const wanted = { uid: true, size: true, internalDate: true };
      for await (const { seq, uid, size, internalDate } of client.fetch(`${from}:${to}`, wanted)) {
        // Changes of flags may come between.
        if (seq < from || seq > to || uid === undefined) continue;
        if (!Number.isSafeInteger(uid) || uid < 1 || uid > MAX_UID) throw nonsense('fetch', 'a UID beyond all bounds');
        if (found.has(uid)) continue;
        if (found.size > to - from) {
          // It would be read on until the deadline.
          client.close();
          throw nonsense('fetch', 'more mail than was asked for');
        }
        found.set(uid, { uid, sizeBytes: Number(size ?? 0) || 0, receivedAt: timeOf(internalDate) });
      }
      return [...found.values()].sort((a, b) => a.uid - b.uid);
    });
  }

  /** Bytes of a mail; null where it is gone. No more than asked for, whatever the server sends. */
  async piece(uid: number, start: number, maxBytes: number): Promise<Uint8Array | null> {
    return this.#step('fetch', async (client) => {
      const source = { start, maxLength: maxBytes };
      const found = await client.fetchOne(String(uid), { uid: true, source }, { uid: true });
      if (!found) return null;
      // Behind the end of a mail some servers say NIL.
      if (found.source === undefined) return new Uint8Array();
      if (found.source.length > maxBytes) throw nonsense('fetch', 'more of a mail than was asked for');
      return found.source;
    });
  }

  /** Size and date of one mail; null where it is gone. */
  async head(uid: number): Promise<MailHead | null> {
    return this.#step('fetch', async (client) => {
      const found = await client.fetchOne(String(uid), { uid: true, size: true, internalDate: true }, { uid: true });
      if (!found) return null;
      return { uid, sizeBytes: Number(found.size ?? 0) || 0, receivedAt: timeOf(found.internalDate) };
    });
  }

  async markSeen(uids: readonly number[]): Promise<void> {
    await this.#change('mark mail as seen', (client) =>
      client.messageFlagsAdd(uids.join(','), ['\\Seen'], { uid: true }),
    );
  }

  /** Delete; where the server cannot delete some without all that others marked, only mark them. */
  async delete(uids: readonly number[]): Promise<void> {
    const set = uids.join(',');
    await this.#change('delete mail', (client) =>
      this.#has('UIDPLUS')
        ? client.messageDelete(set, { uid: true })
        : client.messageFlagsAdd(set, ['\\Deleted'], { uid: true }),
    );
  }

  /** Move into another folder, which is made where it is missing. */
  async move(uids: readonly number[], folder: string): Promise<void> {
    const set = uids.join(',');
    const move = async (client: ImapFlow): Promise<boolean> => {
      if (this.#has('MOVE') || this.#has('UIDPLUS'))
        return Boolean(await client.messageMove(set, folder, { uid: true }));
      if (!(await client.messageCopy(set, folder, { uid: true }))) return false;
      return client.messageFlagsAdd(set, ['\\Deleted'], { uid: true });
    };
    await this.#change(`move mail to ${folder}`, async (client) => {
      if (await move(client)) return true;
      await client.mailboxCreate(folder);
      return move(client);
    });
  }

  /**
   * Wait with IDLE until the server tells of mail, or `until` resolves.
   *
   * @returns `refused` where the server ended it by itself
   */
  async idle(until: Promise<void>): Promise<'mail' | 'until' | 'refused'> {
    const { client } = this.#p;
    const woken = Promise.withResolvers<'mail'>();
    const onMail = (): void => woken.resolve('mail');
    const onEnd = (): void => woken.reject(this.#ended('mailbox'));
    client.on('exists', onMail);
    client.on('close', onEnd);
    try {
      // It ends with the next command, or when the server ends it.
      const ended = client.idle().then(() => 'refused' as const);
      const found = await Promise.race([woken.promise, until.then(() => 'until' as const), ended]);
      await this.#step('mailbox', async () => {
        await client.noop();
        await ended;
      });
      return found;
    } finally {
      client.off('exists', onMail);
      client.off('close', onEnd);
      woken.promise.catch(() => undefined);
    }
  }

  /** Say LOGOUT where that can be said at once, and close. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { client, clock, signal } = this.#p;
    using _patience = clock.after(LOGOUT_MS, () => client.close());
    if (client.usable && !signal.aborted) await client.logout().catch(() => undefined);
    client.close();
  }

  #has(capability: string): boolean {
    return this.#p.client.capabilities.has(capability);
  }

  async #change(what: string, work: (client: ImapFlow) => Promise<boolean>): Promise<void> {
    const isDone = await this.#step('dispose', work);
    if (!isDone)
      throw new MailboxFailure({ stage: 'dispose', code: 'rejected', message: `the server did not ${what}` });
  }

  async #step<T>(stage: string, work: (client: ImapFlow) => Promise<T>): Promise<T> {
    const { client, clock, commandMs, signal, secrets } = this.#p;
    const cut = Promise.withResolvers<never>();
    const end = (fault: ImapFault): void => {
      cut.reject(new MailboxFailure({ stage, ...fault }));
      client.close();
    };
    const onAbort = (): void => end(STOPPED);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    using _deadline = clock.after(commandMs, () => end(TIMED_OUT));
    try {
      return await Promise.race([cut.promise, work(client)]);
    } catch (error) {
      if (error instanceof MailboxFailure) throw error;
      throw new MailboxFailure({ stage, ...imapFault(error, secrets) }, { cause: error });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #ended(stage: string): MailboxFailure {
    return new MailboxFailure({ stage, code: 'closed', message: 'the server ended the session' });
  }
}

/** A server that does not answer LOGOUT is left after this. */
const LOGOUT_MS = 2_000;

function nonsense(stage: string, what: string): MailboxFailure {
  return new MailboxFailure({ stage, code: 'protocol', message: `${NONSENSE}: ${what}` });
}

function timeOf(date: Date | string | undefined): number | null {
  const at = date === undefined ? Number.NaN : new Date(date).getTime();
  return Number.isSafeInteger(at) && at >= 0 ? at : null;
}
