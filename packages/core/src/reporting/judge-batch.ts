// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { subjectOf } from '../entities/report/report-exception.store.ts';
import type { BatchItem } from './batch.ts';

/** What a good answer says of the events of its batch. */
export interface BatchVerdict {
  readonly told: readonly BatchItem[];
  /** To be offered again: those that the tenant named, and later ones of their subjects. */
  readonly refused: readonly BatchItem[];
  /** Told, and unknown to the tenant. */
  readonly notFound: readonly BatchItem[];
  /** Ids in the answer that are of none. */
  readonly strange: number;
}

/** Ids may be the client's of a message, ours of it, or of a single event. */
export function judgeBatch(
  items: readonly BatchItem[],
  { error, notFound }: { readonly error: readonly string[]; readonly notFound: readonly string[] },
): BatchVerdict {
  const refusedIds = new Set(error);
  const unknownIds = new Set(notFound);
  const refusedSubjects = new Set<string>();
  const matched = new Set<string>();
  const told: BatchItem[] = [];
  const refused: BatchItem[] = [];
  const unknown: BatchItem[] = [];
  for (const item of items) {
    const subject = subjectOf(item.row);
    const ids = [item.row.message_id, item.row.message_pk, item.row.pk].filter((id) => id !== null);
    for (const id of ids) if (refusedIds.has(id) || unknownIds.has(id)) matched.add(id);
    if (refusedSubjects.has(subject) || ids.some((id) => refusedIds.has(id))) {
      refusedSubjects.add(subject);
      refused.push(item);
      continue;
    }
    told.push(item);
    if (ids.some((id) => unknownIds.has(id))) unknown.push(item);
  }
  return { told, refused, notFound: unknown, strange: new Set([...error, ...notFound]).size - matched.size };
}
