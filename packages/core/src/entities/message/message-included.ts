// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { rfc3339OrNull } from '../../operations/fields.ts';
import type { Call } from '../../operations/operation.ts';
import { hasScope } from '../../operations/principal.ts';
import { formatAddress } from '../../smtp/compose/format-address.ts';
import { eventOutput, toEventOutput } from '../message-event/message-event.schema.ts';
import { attachmentOutput, messageSummary } from './message.schema.ts';
import { toAttachment, toSummaries } from './message-output.ts';
import type { MessageRow } from './message-row.ts';
import type { MessageServices } from './message-services.ts';
import type { SaidMessage } from './said-messages.ts';

/**
 * What a list may say besides.
 * - `content`: what each message says, for those with messages:content.
 * - `events`: the history of each.
 * - `rate_limit`: until when a limit keeps back what is ready.
 * - `count`: how many messages match in all.
 */
const INCLUDABLE = ['content', 'events', 'rate_limit', 'count'] as const;
type Included = (typeof INCLUDABLE)[number];

/** Names between commas, or several times. */
export const include = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((names) => [names].flat().flatMap((list) => list.split(','))),
  v.array(v.picklist(INCLUDABLE, `expected ${INCLUDABLE.join(', ')}`)),
);

/** What a message says, as it is sent; of one that came complete, what its header says. */
const contentOutput = v.object({
  from: v.string(),
  to: v.array(v.string()),
  cc: v.array(v.string()),
  bcc: v.array(v.string()),
  reply_to: v.array(v.string()),
  /** Envelope sender; empty for none. */
  return_path: v.string(),
  subject: v.string(),
  text: v.nullable(v.string()),
  html: v.nullable(v.string()),
  headers: v.record(v.string(), v.string()),
  attachments: v.array(attachmentOutput),
});

/** A message of a list, with what was asked for. */
export const listedMessage = v.object({
  ...messageSummary.entries,
  /** Null once it was removed by its age, and for a key without the scope messages:content. */
  content: v.optional(v.nullable(contentOutput)),
  /** Oldest first. */
  events: v.optional(v.array(eventOutput)),
  /** Null where no limit keeps it back. */
  rate_limited_until: v.optional(v.nullable(v.string())),
});

type IncludeServices = Pick<MessageServices, 'messages' | 'messageEvents' | 'limitGate'>;

/** Messages as a list shows them, with what was asked for. */
export async function toListed(
  services: IncludeServices,
  rows: readonly MessageRow[],
  { included, reach, principal }: Pick<Call, 'reach' | 'principal'> & { readonly included: readonly Included[] },
): Promise<v.InferOutput<typeof listedMessage>[]> {
  const { messages, messageEvents } = services;
  const isIncluded = (name: Included): boolean => included.includes(name);
  const isReadable = hasScope(principal, 'messages:content');
  const [summaries, said, histories, limits] = await Promise.all([
    toSummaries(messages, rows),
    isIncluded('content') && isReadable ? messages.said(rows.map(({ pk }) => pk)) : null,
    isIncluded('events') ? Promise.all(rows.map(({ pk }) => messageEvents.listOfMessage(reach, pk))) : null,
    isIncluded('rate_limit') ? limitsOf(services, rows) : null,
  ]);
  return summaries.map((summary, index) => ({
    ...summary,
    ...(isIncluded('content') ? { content: toContent(said?.get(summary.pk)) } : {}),
    ...(histories === null ? {} : { events: (histories[index] ?? []).map(toEventOutput) }),
    ...(limits === null ? {} : { rate_limited_until: rfc3339OrNull(limits[index] ?? null) }),
  }));
}

/** Of the messages that are ready; each account is looked at once. */
async function limitsOf(
  { limitGate }: Pick<IncludeServices, 'limitGate'>,
  rows: readonly MessageRow[],
): Promise<readonly (number | null)[]> {
  const accounts = new Set(rows.flatMap(({ state, account_pk }) => (state === 'ready' ? [account_pk] : [])));
  const gates = new Map(await Promise.all([...accounts].map(async (pk) => [pk, await limitGate(pk)] as const)));
  return rows.map(({ state, account_pk }) => (state === 'ready' ? (gates.get(account_pk)?.until ?? null) : null));
}

/** What a message says, as it is shown; null where it says nothing any more. */
export function toContent(said: SaidMessage | undefined): v.InferOutput<typeof contentOutput> | null {
  if (said === undefined) return null;
  const { content, recipients, attachments } = said;
  return {
    from: formatAddress(content.from),
    to: content.to.map(formatAddress),
    cc: content.cc.map(formatAddress),
    bcc: recipients.flatMap(({ kind, address }) => (kind === 'bcc' ? [address] : [])),
    reply_to: content.replyTo.map(formatAddress),
    return_path: content.returnPath,
    subject: content.subject,
    text: content.text,
    html: content.html,
    headers: Object.fromEntries(content.headers),
    // One that came complete has its body there, whatever that consists of.
    attachments: content.raw === null ? attachments.map(toAttachment) : [],
  };
}
