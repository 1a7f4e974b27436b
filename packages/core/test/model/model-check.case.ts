// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Sending } from './fickle-relay.case.ts';
import { LEASE_MS } from './life.case.ts';
import { LANES, type Mail, type Stop } from './model-mail.case.ts';
import { EXPIRY_SWEEP_MS, type ModelWorld } from './model-world.case.ts';

interface MessageRow {
  readonly id: string;
  readonly state: string;
  readonly result: string | null;
  /** Events that say that the relay may have it. */
  readonly doubts: number;
}

interface RecipientRow {
  readonly id: string;
  readonly address: string;
  readonly state: string;
}

const MESSAGES = `select id, state, result, (
    select count(*) from message_events e where e.message_pk = messages.pk
      and (e.type = 'in_doubt' or json_extract(e.detail, '$.possibleDuplicate') = 1)
  ) as doubts from messages`;
const RECIPIENTS = `select m.id, r.address, r.state from message_recipients r
  join messages m on m.pk = r.message_pk order by m.pk, r.position`;

const MINUTE_MS = 60_000;
/** What starts just before its end may wait for a connection behind the slowest answer, and its process stand still. */
const START_MS = LEASE_MS + 15_000;
/** To connect and begin again; between two attempts there is more. */
const NEXT_TRANSACTION_MS = 100;
/** Two sweeps, of which one may fail, and the time of their writes. */
const EXPIRY_MS = 3 * EXPIRY_SWEEP_MS;

/** Holds the database against what the relay took: what must be true after every step. */
export class ModelCheck {
  readonly #world: ModelWorld;
  /** Results seen, which only a retry by hand may change. */
  readonly #ended = new Map<string, { readonly result: string | null; readonly retries: number }>();

  constructor(world: ModelWorld) {
    this.#world = world;
  }

  /** States of all messages. */
  states(): ReadonlyMap<string, MessageRow> {
    return new Map(this.#world.disk.look<MessageRow>(MESSAGES).map((row) => [row.id, row]));
  }

  check(mails: readonly Mail[], stops: readonly Stop[]): void {
    const { relay, bugs, disk } = this.#world;
    demand(bugs.length === 0, () => bugs.join('\n'));
    demand(relay.clashes.length === 0, () => relay.clashes.join('\n'));
    demand(disk.thefts.length === 0, () => disk.thefts.join('\n'));
    const rows = this.states();
    const recipients = Map.groupBy(disk.look<RecipientRow>(RECIPIENTS), ({ id }) => id);
    const sendings = Map.groupBy(relay.sendings, ({ mailId }) => mailId);
    for (const mail of mails) {
      const row = rows.get(mail.id);
      if (row === undefined) throw new Error(`${mail.id} was accepted and is lost`);
      const sent = sendings.get(mail.id) ?? [];
      const states = recipients.get(mail.id) ?? [];
      for (const recipient of states) demandTruth(mail, row, recipient, sent);
      demandSum(row, states);
      this.#demandEnd(mail, row);
      this.#demandExpiry(mail, row, sent);
      demandCancelled(mail, row, sent);
      for (const stop of stops) if (stop.isOf(mail)) demandStopped(mail, stop, sent);
    }
    for (const lane of LANES) demandLimit(lane, mails, sendings);
  }

  #demandEnd(mail: Mail, { id, state, result }: MessageRow): void {
    const before = this.#ended.get(id);
    if (before !== undefined && before.retries === mail.retries) {
      demand(state === 'final' && result === before.result, () => `${id} was ${before.result}, is ${state} ${result}`);
    }
    if (state === 'final') this.#ended.set(id, { result, retries: mail.retries });
    demand(result !== 'cancelled' || mail.wasAskedToCancel, () => `nobody asked to cancel ${id}`);
  }

  #demandExpiry({ id, expiresAt, retries }: Mail, { state }: MessageRow, sent: readonly Sending[]): void {
    // A retry by hand gives it a new end.
    if (expiresAt === null || retries > 0) return;
    const late = sent.filter(({ mailedAt }) => mailedAt > expiresAt + START_MS);
    demand(late.length === 0, () => `${id} was sent after its end`);
    const { clock, instances } = this.#world;
    const now = clock.now();
    const caredFor = instances.some(({ life }) => life.isAwake && now - life.awakeSince > EXPIRY_MS);
    if (!caredFor || now - expiresAt < EXPIRY_MS) return;
    demand(state === 'final' || state === 'leased', () => `${id} is past its end and ${state}`);
  }
}

function demand(isTrue: boolean, complaint: () => string): void {
  if (!isTrue) throw new Error(complaint());
}

function demandTruth(mail: Mail, row: MessageRow, { address, state }: RecipientRow, sent: readonly Sending[]): void {
  const { id, policy, retries, confirms } = mail;
  const taken = sent.filter(({ takenAs, to }) => takenAs !== null && to.includes(address)).length;
  const what = () => `${id} ${policy} ${address}: ${JSON.stringify({ row, state, taken, retries, confirms })}`;
  if (state === 'sent') demand(taken > 0 || confirms > 0, () => `told as sent, and is not: ${what()}`);
  if (taken > 0 && row.state !== 'leased') {
    const isTold = state === 'sent' || row.doubts > 0;
    demand(isTold, () => `taken without a doubt, and not told as sent: ${what()}`);
  }
  if (state === 'failed') {
    const hasReason = row.doubts > 0 || sent.some(({ isRefused }) => isRefused);
    demand(hasReason, () => `given up without a reason: ${what()}`);
  }
  // Each doubt is of one attempt, and one attempt delivers once. The one under way may be in doubt before that is written.
  const allowed = 1 + retries + (policy === 'retry' ? row.doubts + (row.state === 'leased' ? 1 : 0) : 0);
  demand(taken <= allowed, () => `sent too often: ${what()}`);
}

/** A message is what its recipients are. */
function demandSum({ id, state, result }: MessageRow, recipients: readonly RecipientRow[]): void {
  const states = new Set(recipients.map((recipient) => recipient.state));
  const what = () => `${id} is ${state} ${result}, and its recipients are ${[...states].join(', ')}`;
  const isOpen = states.has('pending') || states.has('in_doubt');
  demand(state === 'final' ? !isOpen && result !== null : result === null, what);
  if (result === 'sent') demand(states.size === 1 && states.has('sent'), what);
  if (result === 'partially_sent') demand(states.size > 1 && states.has('sent'), what);
  if (result === 'failed' || result === 'expired') demand(states.has(result) && !states.has('sent'), what);
}

function demandCancelled({ id, cancelledAs }: Mail, { state, result }: MessageRow, sent: readonly Sending[]): void {
  if (cancelledAs === null) return;
  demand(state === 'final' && result === 'cancelled', () => `${id} was cancelled, and is ${state} ${result}`);
  const late = sent.some(({ takenAs, wasPaused }) => takenAs !== null && takenAs > cancelledAs && !wasPaused);
  demand(!late, () => `${id} was taken after it was cancelled`);
}

/** A further transaction of what was begun before: to other recipients, or in place of a connection that was dead. */
function goesOn(sending: Sending, fromAs: number, sent: readonly Sending[]): boolean {
  const before = sent.filter(({ life, mailedAs }) => life === sending.life && mailedAs < sending.mailedAs).at(-1);
  if (before === undefined || sending.mailedAt - before.mailedAt > NEXT_TRANSACTION_MS) return false;
  return before.mailedAs < fromAs || goesOn(before, fromAs, sent);
}

function demandStopped({ id }: Mail, { what, life, fromAs, untilAs }: Stop, sent: readonly Sending[]): void {
  const isBegun = sent.some(
    (each) =>
      each.mailedAs > fromAs &&
      each.mailedAs < untilAs &&
      (life === null || each.life === life) &&
      !goesOn(each, fromAs, sent),
  );
  demand(!isBegun, () => `${id} was begun after ${what}`);
}

/** No minute sees more than the limit; what a process sends that slept since MAIL is beyond anybody's control. */
function demandLimit(
  lane: (typeof LANES)[number],
  mails: readonly Mail[],
  sendings: ReadonlyMap<string, readonly Sending[]>,
): void {
  const { perMinute, unit } = lane;
  if (perMinute === null) return;
  const uses = mails
    .filter((mail) => mail.lane === lane)
    .flatMap(({ id }) => sendings.get(id) ?? [])
    .flatMap(({ dotAt, to, wasPaused }) =>
      dotAt === null || wasPaused ? [] : [{ at: dotAt, count: unit === 'recipient' ? to.length : 1 }],
    )
    .toSorted((a, b) => a.at - b.at);
  let first = 0;
  let sum = 0;
  for (const { at, count } of uses) {
    sum += count;
    for (let oldest = uses[first]; oldest !== undefined && oldest.at <= at - MINUTE_MS; oldest = uses[first]) {
      sum -= oldest.count;
      first += 1;
    }
    demand(sum <= perMinute, () => `${sum} in the minute before ${at} at ${lane.tenant} ${lane.account}`);
  }
}
