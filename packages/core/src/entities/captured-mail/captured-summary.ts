// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { decodeWords } from 'postal-mime';
import { headerFields, valuesOf } from '../../smtp/raw/header-fields.ts';

/** What a list shows of a mail. */
export interface CapturedSummary {
  /** Null where it has none. */
  readonly subject: string | null;
  /** The field From, decoded. */
  readonly from: string | null;
}

/** Subjects are for a list; longer ones are cut. */
const MAX_CHARACTERS = 500;

/** @param head - the fields of the mail, each with its CRLF */
export function summaryOf(head: string): CapturedSummary {
  const fields = headerFields(head) ?? [];
  const first = (name: string): string | null => {
    const [value] = valuesOf(fields, name);
    return value === undefined ? null : plainly(decodeWords(value.slice(0, 4 * MAX_CHARACTERS)));
  };
  return { subject: first('subject'), from: first('from') };
}

/** PostgreSQL keeps no NUL in a text. */
function plainly(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .slice(0, MAX_CHARACTERS)
    .toWellFormed();
}
