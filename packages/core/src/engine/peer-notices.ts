// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import type { PeerChannel } from '../database/peer-channel.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';

const text = v.string();

/** What instances tell each other. Everything is in the database by then; who misses a notice finds it later. */
const notice = v.variant('kind', [
  /** Messages of the account became ready. */
  v.object({ kind: v.literal('lane'), accountPk: text, tenantId: text, isImmediate: v.boolean() }),
  /** Messages became due whose attachments are to be fetched. */
  v.object({ kind: v.literal('preparing') }),
  /** Events of the tenant got their numbers. */
  v.object({ kind: v.literal('events'), tenantId: text }),
  /** The account was changed or deleted, or one of its DKIM keys. */
  v.object({ kind: v.literal('account'), accountPk: text }),
  /** The tenant was changed, suspended, activated or deleted. */
  v.object({ kind: v.literal('tenant'), tenantId: text }),
  /** Keys of the API or of DKIM were made or revoked. */
  v.object({ kind: v.literal('keys') }),
  /** A tenant's suppression list was changed. */
  v.object({ kind: v.literal('suppressions'), tenantId: text }),
  /** The keys that seal are to be read anew. */
  v.object({ kind: v.literal('encryptionKeys') }),
  v.object({ kind: v.literal('accountPaused'), accountPk: text }),
  v.object({ kind: v.literal('accountStopped'), accountPk: text }),
  v.object({ kind: v.literal('accountResumed'), accountPk: text }),
  v.object({ kind: v.literal('batchSuspended'), tenantId: text, batchCode: text }),
  /** All sending was stopped, or goes on. */
  v.object({ kind: v.literal('instancePaused'), isPaused: v.boolean() }),
  /** Connections of the account are wanted by an instance that has too few, or were given up by one. */
  v.object({ kind: v.literal('connections'), accountPk: text, isWanted: v.boolean() }),
]);

const envelope = v.object({ from: text, notices: v.array(v.unknown()) });

export type Notice = v.InferOutput<typeof notice>;

export interface NoticeListener {
  onNotice(notice: Notice): void;
  /** Notices may have been missed, and from now on may not. */
  onGap(): void;
}

export interface PeerNoticesParts {
  /** Null where this is the only instance: then nothing is said and nothing heard. */
  readonly channel: PeerChannel | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often it is looked what there is to do while nothing can be heard. */
const DEAF_POLL_MS = 2_000;

/** Tells other instances at once what is new, and hears of it from them. */
export class PeerNotices {
  readonly #parts: PeerNoticesParts;
  /** Tells the own notices from those of others. */
  readonly #self = randomUUID();
  /** Not sent yet; the same notice twice is one. */
  readonly #waiting = new Set<string>();
  #sending: Promise<void> | null = null;
  #isDeaf = true;

  constructor(parts: PeerNoticesParts) {
    this.#parts = parts;
  }

  /** Whether everything that others tell is heard; also where there are no others. */
  get isHearing(): boolean {
    return this.#parts.channel === null || !this.#isDeaf;
  }

  /** Tell the others, soon: what is said while a sending is under way goes with the next one. Never fails. */
  tell(news: Notice): void {
    if (this.#parts.channel === null) return;
    this.#waiting.add(JSON.stringify(news));
    this.#sending ??= this.#sendAll(this.#parts.channel);
  }

  /** Hear the others until `signal` aborts. While nothing can be heard, `onGap` is called again and again. */
  async run(listener: NoticeListener, signal: AbortSignal): Promise<void> {
    const { channel, clock, log } = this.#parts;
    if (channel === null) return;
    const listening = channel.listen(
      {
        onText: (heard) => this.#heard(heard, listener),
        onConnected: () => {
          this.#isDeaf = false;
          log.info({}, 'listening to other instances');
          listener.onGap();
        },
        onDisconnected: () => {
          this.#isDeaf = true;
          log.warn({}, 'other instances are not heard: looking for news instead');
          listener.onGap();
        },
      },
      { clock, signal },
    );
    while (!signal.aborted) {
      await clock.sleep(DEAF_POLL_MS, signal);
      if (this.#isDeaf && !signal.aborted) listener.onGap();
    }
    await listening;
  }

  #heard(heard: string, listener: NoticeListener): void {
    const { log } = this.#parts;
    const { output, success } = v.safeParse(envelope, parsed(heard));
    if (!success) {
      log.warn({}, 'somebody who is no instance used the channel of the instances');
      return;
    }
    if (output.from === this.#self) return;
    for (const one of output.notices) {
      const known = v.safeParse(notice, one);
      // A newer version may say what this one does not know yet.
      if (known.success) listener.onNotice(known.output);
    }
  }

  async #sendAll(channel: PeerChannel): Promise<void> {
    // What is said in the same turn goes together.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const news = this.#take(channel.maxBytes);
      try {
        await channel.send(`{"from":"${this.#self}","notices":[${news.join(',')}]}`);
      } catch (error) {
        // They find out by themselves, later.
        const code = isMailProxyError(error) ? error.code : undefined;
        this.#parts.log.debug({ code, notices: news.length }, 'other instances could not be told');
      }
    }
    // In the turn in which nothing waits any more, so that what is told next starts anew.
    this.#sending = null;
  }

  /** As many as one text holds. */
  #take(maxBytes: number): readonly string[] {
    const taken: string[] = [];
    let bytes = ENVELOPE_BYTES;
    for (const one of this.#waiting) {
      bytes += Buffer.byteLength(one) + 1;
      if (bytes > maxBytes && taken.length > 0) break;
      this.#waiting.delete(one);
      taken.push(one);
    }
    return taken;
  }
}

/** Of the text around the notices, with room to spare. */
const ENVELOPE_BYTES = 100;

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
