// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Labelled, type Measure, type Miss, type Score, shareOf } from '../../mail/command/measure.ts';
import type { Label } from './labels.ts';
import type { Prediction } from './prediction.ts';

type LabelledBounce = Labelled<Label, Prediction>;

/** Kinds of mail of which not one may pass for a bounce; of the others, three. */
const NEVER = new Set(['ham', 'spam', 'autoreply', 'feedback', 'mdn', 'success-dsn']);

/** Count how well mails were read, of those that have a label for what is counted. */
export function score(all: readonly LabelledBounce[]): Score {
  const known = all.filter(({ label }) => label.is_bounce !== null);
  const positive = known.filter(({ label }) => label.is_bounce === true);
  const bounces = positive.filter(({ label }) => label.kind !== 'delay');
  const delays = positive.filter(({ label }) => label.kind === 'delay');
  const negatives = known.filter(({ label }) => label.is_bounce === false);
  const never = negatives.filter(({ label }) => NEVER.has(label.kind));
  const others = negatives.filter(({ label }) => !NEVER.has(label.kind));
  const named = positive.filter(({ label }) => (label.recipients?.length ?? 0) > 0);
  const withStatus = positive.filter(({ label }) => typeof label.status?.[0] === 'string');
  const withPermanence = positive.filter(({ label }) => label.permanence !== null);
  const found = positive.filter(({ prediction }) => prediction.is_bounce && prediction.address_dead !== null);
  const alive = found.filter(({ label }) => label.address_dead === false);
  const dead = found.filter(({ label }) => label.address_dead === true);

  const isFound = ({ prediction }: LabelledBounce) => prediction.is_bounce;
  const isCalledDead = ({ prediction }: LabelledBounce) => prediction.address_dead === true;
  const measures: Measure[] = [
    { name: 'bounces found', share: shareOf(bounces, isFound), target: { atLeast: 0.97 } },
    { name: 'delay notices found', share: shareOf(delays, isFound), target: { atLeast: 0 } },
    { name: 'delay notices called permanent', share: shareOf(delays, isPermanent), target: { atMostCount: 0 } },
    {
      name: 'false alarms: ham, spam, replies, receipts, complaints, successes',
      share: shareOf(never, isFound),
      target: { atMostCount: 0 },
    },
    { name: 'false alarms: other', share: shareOf(others, isFound), target: { atMostCount: 3 } },
    { name: 'all recipients right', share: shareOf(named, hasAllRecipients), target: { atLeast: 0.95 } },
    { name: 'a wrong recipient', share: shareOf(named, hasWrongRecipient), target: { atMost: 0.01 } },
    { name: 'status', share: shareOf(withStatus, hasStatus), target: { atLeast: 0.9 } },
    { name: 'permanent or temporary', share: shareOf(withPermanence, hasPermanence), target: { atLeast: 0.96 } },
    { name: 'living addresses called dead', share: shareOf(alive, isCalledDead), target: { atMost: 0.02 } },
    { name: 'dead addresses found', share: shareOf(dead, isCalledDead), target: { atLeast: 0.92 } },
  ];
  return { measures, misses: known.flatMap(missesOf) };
}

function isPermanent({ prediction }: LabelledBounce): boolean {
  return prediction.is_bounce && prediction.permanence === 'permanent';
}

function hasPermanence({ label, prediction }: LabelledBounce): boolean {
  return prediction.is_bounce && prediction.permanence === label.permanence;
}

function hasStatus({ label, prediction }: LabelledBounce): boolean {
  const good = [label.status?.[0], ...(label.status_any?.[0] ?? [])];
  return prediction.status !== null && good.includes(prediction.status);
}

/** As many different good ones as there are, and none that is not. */
function hasAllRecipients(each: LabelledBounce): boolean {
  const expected = new Set(lower(each.label.recipients));
  const good = new Set(lower(named(each)).filter((address) => goodOnes(each.label).has(address)));
  return good.size >= expected.size && !hasWrongRecipient(each);
}

function hasWrongRecipient(each: LabelledBounce): boolean {
  return lower(named(each)).some((address) => !goodOnes(each.label).has(address));
}

function named({ prediction }: LabelledBounce): readonly string[] {
  return prediction.is_bounce ? prediction.recipients : [];
}

function goodOnes({ recipients, recipients_alt }: Label): ReadonlySet<string> {
  return new Set([...lower(recipients), ...lower(recipients_alt)]);
}

function lower(addresses: readonly string[] | null): string[] {
  return (addresses ?? []).map((address) => address.toLowerCase());
}

function missesOf(each: LabelledBounce): Miss[] {
  const { label, prediction } = each;
  const { file } = prediction;
  if (label.is_bounce !== prediction.is_bounce)
    return [{ file, what: label.is_bounce ? `missed, read as ${prediction.kind}` : `false alarm, is ${label.kind}` }];
  if (label.is_bounce !== true) return [];
  const whats: string[] = [];
  if ((label.recipients?.length ?? 0) > 0 && !hasAllRecipients(each))
    whats.push(`recipients ${prediction.recipients.join(' ') || 'none'}, are ${label.recipients?.join(' ')}`);
  if (typeof label.status?.[0] === 'string' && !hasStatus(each))
    whats.push(`status ${prediction.status}, is ${label.status[0]}`);
  if (label.permanence !== null && !hasPermanence(each))
    whats.push(`called ${prediction.permanence}, is ${label.permanence}`);
  if (label.address_dead !== null && prediction.address_dead !== label.address_dead)
    whats.push(
      label.address_dead
        ? `dead address not found (${prediction.reason_class})`
        : `living address called dead (${prediction.reason_class})`,
    );
  return whats.map((what) => ({ file, what }));
}
