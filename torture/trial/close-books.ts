// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CountedMessage, ReceivedReport } from '@mail-proxy/testkit';
import type { Api } from '../world/api.ts';
import { MAX_SENDS } from '../world/fleet.ts';
import type { Figures } from './figures.ts';
import type { Woken } from './make-trouble.ts';
import type { Scenario, TroubleKind } from './scenario.ts';

/** What was seen of a trial from outside. */
export interface Seen {
  /** Ids that were accepted. */
  readonly accepted: readonly string[];
  readonly atRelay: readonly CountedMessage[];
  /** Null where nobody is told. */
  readonly reports: readonly ReceivedReport[] | null;
  /** How often each kind of trouble came. */
  readonly troubles: ReadonlyMap<TroubleKind, number>;
  /** Instances that went on after others had taken their mail. */
  readonly woken: readonly Woken[];
  /** What is measured on the way. */
  readonly figures: Figures;
}

/** The books of a trial: they close when `wrong` is empty. */
export interface Books {
  readonly accepted: number;
  readonly sent: number;
  /** Failed, expired or cancelled. */
  readonly notSent: number;
  /** Not final: in doubt, where that is allowed. */
  readonly waiting: number;
  readonly lost: number;
  /** Copies too many. */
  readonly duplicates: number;
  /** Reports of an end; null where nobody is told. */
  readonly told: number | null;
  /** What does not hold, in words. */
  readonly wrong: readonly string[];
}

interface ShownMessage {
  readonly id: string;
  readonly state: string;
  readonly result: string | null;
}

/** Troubles of one instance; all others are those of each. */
const OF_ONE: readonly TroubleKind[] = ['kill', 'stop', 'freeze'];

/** Hold what the server says, by ids, against what the relay and the endpoint got. */
export async function closeBooks(api: Api, scenario: Scenario, seen: Seen): Promise<Books> {
  const messages = await allMessages(api);
  const copies = Map.groupBy(seen.atRelay, ({ mailId }) => mailId ?? 'without an id');
  const accepted = new Set(seen.accepted);
  const sent = messages.filter(({ result }) => result === 'sent');
  const final = messages.filter(({ state }) => state === 'final');
  const waiting = messages.filter(({ state }) => state !== 'final');
  const wrong: string[] = [];
  const expectNone = (what: string, ids: readonly string[]): void => {
    if (ids.length > 0) wrong.push(`${ids.length} ${what}: ${ids.slice(0, 5).join(', ')}`);
  };

  const known = new Set(messages.map(({ id }) => id));
  const missing = seen.accepted.filter((id) => !known.has(id));
  expectNone('accepted and not there', missing);
  expectNone(
    'there and not accepted',
    messages.filter(({ id }) => !accepted.has(id)).map(({ id }) => id),
  );
  const unsent = sent.filter(({ id }) => !copies.has(id)).map(({ id }) => id);
  expectNone('sent and not at the relay', unsent);
  const failed = final.filter(({ result }) => result !== 'sent').map(({ id }) => id);
  expectNone('failed, which nothing here explains', failed);
  const stuck = waiting.filter(({ state }) => !(scenario.allowed.inDoubt && state === 'in_doubt'));
  expectNone(
    'that wait',
    stuck.map(({ id }) => id),
  );

  const repeated = [...copies].filter(([, all]) => all.length > 1);
  const duplicates = repeated.reduce((sum, [, all]) => sum + all.length - 1, 0);
  const bound = scenario.allowed.duplicatesPer.reduce((sum, kind) => {
    const hit = OF_ONE.includes(kind) ? 1 : scenario.instances;
    return sum + MAX_SENDS * hit * (seen.troubles.get(kind) ?? 0);
  }, 0);
  if (duplicates > bound) wrong.push(`${duplicates} copies too many, and at most ${bound} are explained`);
  expectNone(
    'copies under another Message-ID',
    repeated.filter(hasTwoNames).map(([id]) => id),
  );
  expectNone(
    'copies too many of which nobody is told',
    await unmarked(
      api,
      repeated.map(([id]) => id),
    ),
  );
  wrong.push(...judgeWoken(repeated, seen), ...judgeShares(scenario, seen), ...judgeLimit(scenario, seen));
  const told = seen.reports === null ? null : judgeReports(seen.reports, sent, expectNone);
  return {
    accepted: accepted.size,
    sent: sent.length,
    notSent: failed.length,
    waiting: waiting.length,
    lost: missing.length + unsent.length,
    duplicates,
    told,
    wrong,
  };
}

function hasTwoNames([, copies]: readonly [string, readonly CountedMessage[]]): boolean {
  return new Set(copies.map(({ messageId }) => messageId)).size > 1;
}

/** What others had sent before an instance went on, it does not send. */
function judgeWoken(
  repeated: readonly (readonly [string, readonly CountedMessage[]])[],
  { woken, figures }: Seen,
): readonly string[] {
  if (woken.length === 0) return [];
  const late = repeated.filter(([, copies]) =>
    woken.some(
      ({ name, at }) =>
        copies.some(({ client, receivedAt }) => client === name && receivedAt > at) &&
        copies.some(({ client, receivedAt }) => client !== name && receivedAt < at),
    ),
  );
  figures.add('copies sent after waking', late.length);
  return late.map(([id]) => `${id} was sent again by an instance that had been replaced`);
}

/** The part that each instance has in what is sent. */
function judgeShares({ instances, allowed: { share } }: Scenario, { atRelay, figures }: Seen): readonly string[] {
  if (share === null) return [];
  const [least, most] = share;
  const percents = Array.from({ length: instances }, (_, index) => {
    const own = atRelay.filter(({ client }) => client.startsWith(`i${index}-`));
    return (100 * own.length) / Math.max(1, atRelay.length);
  });
  figures.atMost('percent sent by the least', Math.min(...percents));
  figures.atMost('percent sent by the most', Math.max(...percents));
  if (percents.every((percent) => percent >= least && percent <= most)) return [];
  return [`the instances sent ${percents.map((percent) => percent.toFixed(0)).join(', ')} %`];
}

const MINUTE_MS = 60_000;

/** A minute that begins with any of the messages has no more of them than the limit and one. */
function judgeLimit({ perMinute }: Scenario, { atRelay, figures }: Seen): readonly string[] {
  if (perMinute === null) return [];
  const times = atRelay.map(({ receivedAt }) => receivedAt).toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [index, at] of times.entries()) {
    while (at - (times[first] ?? at) >= MINUTE_MS) first += 1;
    most = Math.max(most, index - first + 1);
  }
  figures.atMost('most sent within a minute', most);
  return most > perMinute + 1 ? [`${most} messages were sent within a minute, and ${perMinute} may be`] : [];
}

/** That a message was sent: nothing here fails for good. */
export function isEnd(report: ReceivedReport): boolean {
  return typeof report['sent_ts'] === 'number';
}

function judgeReports(
  reports: readonly ReceivedReport[],
  sent: readonly ShownMessage[],
  expectNone: (what: string, ids: readonly string[]) => void,
): number {
  const ends = Map.groupBy(reports.filter(isEnd), ({ id }) => String(id));
  expectNone(
    'sent and never told',
    sent.filter(({ id }) => !ends.has(id)).map(({ id }) => id),
  );
  const renamed = [...ends].filter(([, all]) => new Set(all.map((report) => report['event_id'])).size > 1);
  expectNone(
    'told under two ids',
    renamed.map(([id]) => id),
  );
  return ends.size;
}

async function unmarked(api: Api, ids: readonly string[]): Promise<readonly string[]> {
  const silent: string[] = [];
  for (const id of ids) {
    // the answer to messages.events
    const { items } = (await api.get(`/v1/messages/${id}/events`)) as {
      readonly items: readonly { readonly possible_duplicate: boolean }[];
    };
    if (!items.some((event) => event.possible_duplicate)) silent.push(id);
  }
  return silent;
}

async function allMessages(api: Api): Promise<readonly ShownMessage[]> {
  const all: ShownMessage[] = [];
  for (let after = ''; ; ) {
    // the answer to messages.list
    const page = (await api.get(`/v1/messages?limit=1000${after}`)) as {
      readonly items: readonly ShownMessage[];
      readonly next: string | null;
    };
    all.push(...page.items);
    if (page.next === null) return all;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}
