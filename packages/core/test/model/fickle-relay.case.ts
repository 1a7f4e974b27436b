// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Random } from '../../src/clock.ts';
import type { MessageBody } from '../../src/smtp/message-body.ts';
import type { SmtpFaultRecord, SmtpReply, SmtpStage } from '../../src/smtp/reply.ts';
import { type RecipientReply, SmtpConnectError } from '../../src/smtp/session.types.ts';
import type { Life } from './life.case.ts';
import { pick, streamOf } from './streams.case.ts';

/** A transaction that reached MAIL. Times are milliseconds of the world's clock. */
export interface Sending {
  readonly mailId: string;
  readonly life: Life;
  /** Place of MAIL among all that happened. */
  readonly mailedAs: number;
  readonly mailedAt: number;
  /** When the final dot was written. */
  dotAt: number | null;
  /** Recipients for which it was. */
  to: readonly string[];
  /** Place among all that happened of the moment at which the relay had it; null where it never did. */
  takenAs: number | null;
  /** It was refused for good, for somebody or for all. */
  isRefused: boolean;
  /** Its process stood still between MAIL and the body, long enough perhaps to lose the message to another. */
  wasPaused: boolean;
  isOver: boolean;
  /** Pauses of its process before it. */
  readonly pauses: number;
}

interface Connected {
  cut(): void;
}

/** What a step of a dialogue comes to. */
export type Whim = 'fine' | 'cut' | 'later' | 'never' | 'closing' | 'dies' | 'sleeps';

/**
 * A relay that goes wrong at every step, by a chance that depends on the message and its attempt alone. What it took
 * is the truth that the database is held against.
 */
export class FickleRelay {
  readonly sendings: Sending[] = [];
  /** Messages that two processes were sending at the same time, both in good health. */
  readonly clashes: string[] = [];
  /** All goes well from now on. */
  isKind = false;
  /** Refuses the password, as after somebody changed it. */
  refusesPassword = false;
  readonly clock: Clock;
  /** Counts what happens, so that it can be told what came first. */
  readonly count: () => number;
  readonly #seed: number;
  readonly #openings: Random;
  readonly #attempts = new Map<string, number>();
  readonly #sessions = new Set<Connected>();

  constructor(seed: number, clock: Clock, count: () => number) {
    this.clock = clock;
    this.#seed = seed;
    this.count = count;
    this.#openings = streamOf(seed, 'openings');
  }

  /** Let a process connect and log in; throws where it cannot. */
  async admit(life: Life, signal: AbortSignal | undefined): Promise<void> {
    await this.clock.sleep(1 + Math.floor(this.#openings() * 20));
    const whim = this.whim(this.#openings);
    await life.arrival();
    if (signal?.aborted === true) throw failed({ kind: 'aborted', stage: 'connect' });
    if (whim === 'cut' || whim === 'never') throw failed({ kind: 'reset', stage: 'connect' });
    if (whim === 'closing' || whim === 'later')
      throw failed({ kind: 'refused', stage: 'greeting' }, reply(421, '4.3.2'));
    if (this.refusesPassword) throw failed({ kind: 'refused', stage: 'auth' }, reply(535, '5.7.8'));
  }

  /** Somebody is connected. */
  connected(session: Connected): void {
    this.#sessions.add(session);
  }

  /** All connections break. */
  cutAll(): void {
    for (const session of this.#sessions) session.cut();
    this.#sessions.clear();
  }

  /** Note a transaction at its MAIL. */
  begin(life: Life, body: MessageBody, to: readonly string[]): { readonly sending: Sending; readonly fate: Random } {
    const mailId = /^X-Genro-Mail-ID: (.*)\r$/im.exec(startOf(body))?.[1] ?? '';
    const sending: Sending = {
      mailId,
      life,
      mailedAs: this.count(),
      mailedAt: this.clock.now(),
      dotAt: null,
      to,
      takenAs: null,
      isRefused: false,
      wasPaused: false,
      isOver: false,
      pauses: life.pauses,
    };
    const other = this.sendings.find((each) => each.mailId === mailId && !each.isOver && isUnderWay(each));
    if (other !== undefined) this.clashes.push(`${mailId} is sent by ${other.life.name} and by ${life.name}`);
    this.sendings.push(sending);
    const attempt = (this.#attempts.get(mailId) ?? 0) + 1;
    this.#attempts.set(mailId, attempt);
    return { sending, fate: streamOf(this.#seed, `relay ${mailId} ${attempt}`) };
  }

  whim(random: Random): Whim {
    const chance = random();
    if (this.isKind || chance >= 0.12) return 'fine';
    return pick(random, ['cut', 'cut', 'cut', 'later', 'later', 'never', 'closing', 'dies', 'sleeps']);
  }
}

/** With all fields, which stand in front of the first source. */
function startOf(body: MessageBody): string {
  const start = body instanceof Uint8Array ? body : body.parts[0];
  return start instanceof Uint8Array ? Buffer.from(start).toString('latin1') : '';
}

function isUnderWay({ life, pauses }: Sending): boolean {
  return life.isAwake && life.pauses === pauses;
}

export function reply(code: number, enhanced: string): SmtpReply {
  return { code, enhanced, text: 'as it likes' };
}

export function refusedBy(stage: SmtpStage, whim: 'later' | 'never' | 'closing') {
  const replies = { later: reply(451, '4.3.0'), never: reply(552, '5.3.4'), closing: reply(421, '4.3.2') };
  return (address: string): RecipientReply => ({ status: 'refused', address, stage, reply: replies[whim] });
}

function failed(fault: Omit<SmtpFaultRecord, 'text'>, said: SmtpReply | null = null): SmtpConnectError {
  return new SmtpConnectError({ ...fault, text: fault.kind }, said);
}
