// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { readJsonLines } from '../../mail/command/json-lines.ts';

const addresses = v.nullish(v.array(v.string()), null);

const label = v.object({
  file: v.string(),
  kind: v.string(),
  /** Null: nobody is sure, so it is not scored. */
  is_bounce: v.nullable(v.boolean()),
  /** None: nobody can be told, so that nobody may be named. Null: not known. */
  recipients: addresses,
  /** As good: the address before or after an alias. */
  recipients_alt: addresses,
  status: v.nullish(v.array(v.nullable(v.string())), null),
  /** As good, for each recipient. */
  status_any: v.nullish(v.array(v.nullable(v.array(v.string()))), null),
  permanence: v.nullish(v.string(), null),
  address_dead: v.nullish(v.boolean(), null),
});

/** What a mail is, as somebody who read it says. */
export type Label = v.InferOutput<typeof label>;

/** Read the lines of an `index.jsonl`; those that label something else are passed by. */
export function readLabels(text: string): Label[] {
  return readJsonLines(text, label);
}
