// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type MixinMetric, WakeUp } from '@mail-proxy/core';
import type { MailReaders } from '../mail-readers.ts';
import type { MailboxStore } from '../mailbox/mailbox.store.ts';
import { MailboxLoop, type MailboxLoopParts } from './mailbox-loop.ts';

export interface PollerParts extends Omit<MailboxLoopParts, 'onChecked' | 'mailboxes'> {
  readonly mailboxes: Pick<MailboxStore, 'all' | 'find'>;
  readonly readers: Pick<MailReaders, 'for'>;
}

interface Running {
  readonly loop: MailboxLoop;
  readonly stop: AbortController;
  readonly done: Promise<void>;
  /** The last request to check that it was told of. */
  askedAt: number;
}

/** Other instances' clocks and ours may differ, and what they wrote may have been committed late. */
const LATE_MS = 60_000;

/** Looks into all mailboxes that somebody reads, each in a loop of its own, so that none waits for another. */
export class Poller {
  readonly #p: PollerParts;
  readonly #running = new Map<string, Running>();
  readonly #checks = { ok: 0, failing: 0, login_failed: 0 };
  readonly #changed: WakeUp;

  constructor(parts: PollerParts) {
    this.#p = parts;
    this.#changed = new WakeUp(parts.clock);
  }

  readonly metrics: readonly MixinMetric[] = [
    {
      name: 'gmp_imap_checks_total',
      help: 'Checks of mailboxes by this process, by how they ended',
      kind: 'counter',
      labels: ['result'],
      read: () => Object.entries(this.#checks).map(([result, value]) => ({ labels: { result }, value })),
    },
    {
      name: 'gmp_imap_connections',
      help: 'Connections to mailboxes that this process has open',
      kind: 'gauge',
      read: () => [{ value: this.#p.slots.used }],
    },
    {
      name: 'gmp_imap_mailboxes',
      help: 'Mailboxes that are enabled and read, here or by another instance',
      kind: 'gauge',
      read: () => [{ value: this.#running.size }],
    },
  ];

  /** A mailbox was made, changed or deleted by this process, or is to be checked. */
  changed(mailboxPk: string): void {
    this.#running.get(mailboxPk)?.loop.poke();
    this.#changed.set();
  }

  /** Returns once `signal` has aborted and all connections are closed. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, settings, log } = this.#p;
    let since = clock.now() - LATE_MS;
    while (!signal.aborted) {
      const now = clock.now();
      try {
        await this.#look(signal);
        await this.#pokeAsked(since);
        since = now - LATE_MS;
      } catch (error) {
        log.warn({ err: error }, 'the mailboxes could not be listed');
      }
      await this.#changed.wait(signal, settings.lookMs);
    }
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** Begin with mailboxes that are new, end with those that are gone. */
  async #look(signal: AbortSignal): Promise<void> {
    const { mailboxes, readers } = this.#p;
    const wanted = (await mailboxes.all()).filter(
      ({ isEnabled, purposes }) => isEnabled && readers.for(purposes).length > 0,
    );
    const known = new Set(wanted.map(({ pk }) => pk));
    for (const [pk, { stop }] of this.#running) if (!known.has(pk)) stop.abort();
    for (const { pk, version } of wanted) {
      const running = this.#running.get(pk);
      if (running === undefined) this.#begin(pk, version, signal);
      else running.loop.seen(version);
    }
  }

  #begin(pk: string, version: number, signal: AbortSignal): void {
    const loop = new MailboxLoop(pk, version, {
      ...this.#p,
      onChecked: (condition) => {
        this.#checks[condition] += 1;
      },
    });
    const stop = new AbortController();
    const done = loop.run(AbortSignal.any([signal, stop.signal])).finally(() => {
      this.#running.delete(pk);
      // It may be wanted again by now.
      this.#changed.set();
    });
    this.#running.set(pk, { loop, stop, done, askedAt: 0 });
  }

  /** Another instance was asked to check what is looked into here. */
  async #pokeAsked(since: number): Promise<void> {
    for (const { mailbox_pk: pk, asked_at: at } of await this.#p.mails.asked(Math.max(1, since))) {
      const running = this.#running.get(pk);
      if (running === undefined || running.askedAt >= at) continue;
      running.askedAt = at;
      running.loop.poke();
    }
  }
}
