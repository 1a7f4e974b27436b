// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { addressDead, type RefusalWords, type ReplyReason, reasonOf } from '@mail-proxy/core';
import * as v from 'valibot';
import { readJsonLines } from '../../mail/command/json-lines.ts';
import type { Measure } from '../../mail/command/measure.ts';

const line = v.object({ reply: v.string(), address_dead: v.nullish(v.boolean(), null) });

/** One SMTP reply, what it is labelled as, and what it is read as. */
export interface ReadReply {
  readonly reply: string;
  readonly reason_class: ReplyReason;
  readonly address_dead: boolean;
  readonly label: boolean | null;
}

/** Read lines of JSON with a `reply` and, where it is labelled, `address_dead`; other lines are passed by. */
export function readReplies(text: string): ReadReply[] {
  return readJsonLines(text, line).map(({ reply, address_dead: label }) => {
    const words = wordsIn(reply);
    return { reply, reason_class: reasonOf(words), address_dead: addressDead(words), label };
  });
}

/** Of those called dead, how many are; of those that are, how many are called so. */
export function repliesScore(replies: readonly ReadReply[]): Measure[] {
  const labelled = replies.filter(({ label }) => label !== null);
  const called = labelled.filter(({ address_dead }) => address_dead);
  const dead = labelled.filter(({ label }) => label === true);
  const right = called.filter(({ label }) => label === true).length;
  return [
    { name: 'called dead, and is', share: { hits: right, of: called.length }, target: { atLeast: 0.9 } },
    { name: 'is dead, and called so', share: { hits: right, of: dead.length }, target: { atLeast: 0.85 } },
  ];
}

function wordsIn(reply: string): RefusalWords {
  const code = /^\s*([245]\d\d)/.exec(reply)?.[1];
  const enhanced = /(?:^|[\s#-])([245]\.\d{1,3}\.\d{1,3})(?!\d)/.exec(reply)?.[1] ?? null;
  return { code: code === undefined ? null : Number(code), enhanced, text: reply };
}
