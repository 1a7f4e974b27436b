// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Labelled, type Miss, type Score, shareOf } from '../../mail/command/measure.ts';
import { oneLine } from '../../mail/one-line.ts';
import { messageIdOf } from '../reading/message-id.ts';
import type { Label } from './labels.ts';
import type { Prediction } from './prediction.ts';

type LabelledMail = Labelled<Label, Prediction>;

/** One thing that a receipt says: as it is labelled, and as it was read. */
interface Aspect {
  readonly name: string;
  readonly labelled: (label: Label) => string | null;
  readonly read: (prediction: Prediction) => string | null;
}

const ASPECTS: readonly Aspect[] = [
  { name: 'type', labelled: typeOf, read: ({ receipt_type }) => receipt_type },
  {
    name: 'reference',
    labelled: ({ msgid, ref_message_id }) => messageIdOf(msgid ?? ref_message_id),
    read: ({ reference }) => reference,
  },
  { name: 'recipient', labelled: ({ consegna }) => lower(consegna), read: ({ recipient }) => lower(recipient) },
  {
    name: 'all recipients',
    labelled: ({ destinatari }) => listOf(destinatari),
    read: ({ recipients }) => listOf(recipients),
  },
  {
    name: 'reason',
    labelled: ({ errore, errore_esteso }) => reasonIn(errore, errore_esteso),
    read: ({ error, error_detail }) => reasonIn(error, error_detail),
  },
  { name: 'identifier', labelled: ({ identificativo }) => identificativo, read: ({ identifier }) => identifier },
];

const ALL = { atLeast: 1 };

/** Count how well mails were read, of those that have a label for what is counted. */
export function score(all: readonly LabelledMail[]): Score {
  const known = all.filter(({ label }) => label.is_receipt !== null);
  const receipts = known.filter(({ label }) => label.is_receipt === true);
  const others = known.filter(({ label }) => label.is_receipt === false);
  const isFound = ({ prediction }: LabelledMail) => prediction.is_receipt;
  const aspects = ASPECTS.map((aspect) => {
    const labelled = receipts.filter(({ label }) => aspect.labelled(label) !== null);
    return { name: `${aspect.name} right`, share: shareOf(labelled, (each) => isRight(aspect, each)), target: ALL };
  });
  return {
    measures: [
      { name: 'receipts found', share: shareOf(receipts, isFound), target: ALL },
      { name: 'false receipts', share: shareOf(others, isFound), target: { atMostCount: 0 } },
      ...aspects,
    ],
    misses: known.flatMap(missesOf),
  };
}

function isRight({ labelled, read }: Aspect, { label, prediction }: LabelledMail): boolean {
  return read(prediction) === labelled(label);
}

function missesOf({ label, prediction }: LabelledMail): Miss[] {
  const { file, kind, why } = prediction;
  if (label.is_receipt !== prediction.is_receipt)
    return [{ file, what: label.is_receipt ? `missed, read as ${kind} (${why ?? '-'})` : 'false receipt' }];
  if (label.is_receipt !== true) return [];
  return ASPECTS.filter((aspect) => aspect.labelled(label) !== null && !isRight(aspect, { label, prediction })).map(
    ({ name, labelled, read }) => ({ file, what: `${name} ${read(prediction)}, is ${labelled(label)}` }),
  );
}

function typeOf({ daticert_tipo, x_ricevuta }: Label): string | null {
  return daticert_tipo ?? x_ricevuta;
}

function reasonIn(error: string | null, detail: string | null): string | null {
  return error === null ? null : `${error}: ${detail === null ? '' : oneLine(detail)}`;
}

function listOf(addresses: readonly string[] | null): string | null {
  return addresses === null
    ? null
    : addresses
        .map((address) => address.toLowerCase())
        .sort()
        .join(' ');
}

function lower(text: string | null): string | null {
  return text?.toLowerCase() ?? null;
}
