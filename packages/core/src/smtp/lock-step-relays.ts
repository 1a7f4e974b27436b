// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import type { SmtpFaultRecord, SmtpStage } from './reply.ts';
import type { RecipientReply, SmtpRelay } from './session.types.ts';

/** After this a relay is offered a group again. One command at a time costs round trips and nothing else, so it is long. */
const TRY_AGAIN_MS = 4 * 3_600_000;
/** Relays that are remembered; beyond it the one that was added first is forgotten, which costs one more bad group. */
const MAX_RELAYS = 10_000;

/** By what a relay is known, whoever's account leads to it. */
type RelayAddress = Pick<SmtpRelay, 'host' | 'port'>;

/** The relays that announce PIPELINING (RFC 2920) and were seen to answer a group of commands badly. */
export class LockStepRelays {
  readonly #clock: Clock;
  readonly #log: Log;
  /** When a group is tried again, on the monotonic clock, by `host:port`. */
  readonly #tryAgainAt = new Map<string, number>();

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether the relay is to be spoken to one command at a time. */
  has(relay: RelayAddress): boolean {
    if (this.#tryAgainAt.size === 0) return false;
    const key = keyOf(relay);
    const tryAgainAt = this.#tryAgainAt.get(key);
    if (tryAgainAt === undefined) return false;
    if (this.#clock.monotonic() < tryAgainAt) return true;
    this.#tryAgainAt.delete(key);
    return false;
  }

  /** The relay answered a group badly. */
  remember(relay: RelayAddress): void {
    // What was sent to it at the same time tells the same.
    if (this.has(relay)) return;
    this.#tryAgainAt.set(keyOf(relay), this.#clock.monotonic() + TRY_AGAIN_MS);
    const [oldest] = this.#tryAgainAt.keys();
    if (this.#tryAgainAt.size > MAX_RELAYS && oldest !== undefined) this.#tryAgainAt.delete(oldest);
    const { host, port } = relay;
    this.#log.warn({ host, port, forMs: TRY_AGAIN_MS }, 'a relay is given one command at a time');
  }
}

function keyOf({ host, port }: RelayAddress): string {
  return `${host.toLowerCase()}:${port}`;
}

/**
 * Whether these replies to a group say that the relay is not up to groups: 503 (out of sequence) to a command that was
 * in its place, a reply out of step, or the connection lost or silent half-way through. All of that may have other
 * reasons, and then one command at a time changes nothing.
 *
 * Of a group that came behind a message it counts already from MAIL on: a relay that throws away what it has not read
 * when a message ends never answers, and one that has not finished with the message says 503.
 */
export function isBadGroup(
  replies: readonly RecipientReply[],
  { isBehind = false }: { readonly isBehind?: boolean } = {},
): boolean {
  return replies.some((reply) => {
    switch (reply.status) {
      case 'accepted':
        return false;
      case 'refused':
        return reply.reply.code === 503 && (isBehind || reply.stage === 'rcpt' || reply.stage === 'data');
      case 'broken':
        return !reply.doubt && isStageOfBadGroup(reply.fault, isBehind);
      default:
        return reply satisfies never;
    }
  });
}

function isStageOfBadGroup({ kind, stage }: SmtpFaultRecord, isBehind: boolean): boolean {
  if (isBehind && kind === 'timeout' && stage === 'mail') return true;
  return STAGES_OF_BAD_GROUPS[kind]?.has(stage) ?? false;
}

const UNTIL_DATA: ReadonlySet<SmtpStage> = new Set(['mail', 'rcpt', 'data']);

const STAGES_OF_BAD_GROUPS: Readonly<Partial<Record<SmtpFaultRecord['kind'], ReadonlySet<SmtpStage>>>> = {
  // One reply too many is found when the message is about to be sent.
  protocol: new Set([...UNTIL_DATA, 'body']),
  closed: UNTIL_DATA,
  reset: UNTIL_DATA,
  // A relay that throws away what came with MAIL; one that is silent from the start says nothing of groups.
  timeout: new Set(['rcpt', 'data']),
};

/** Whether an answer out of a bad group says nothing of its recipient, who was not served: it is to be asked for again. */
export function isUnsettledByBadGroup(reply: RecipientReply): boolean {
  if (reply.status === 'broken') return !reply.doubt;
  if (reply.status !== 'refused') return false;
  return reply.stage === 'rcpt' || reply.stage === 'data' || (reply.stage === 'mail' && reply.reply.code === 503);
}
