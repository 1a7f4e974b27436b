// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { readJsonLines } from '../../mail/command/json-lines.ts';

const word = v.nullish(v.string(), null);

const label = v.object({
  file: v.string(),
  /** Null: nobody is sure, so it is not scored. */
  is_receipt: v.nullable(v.boolean()),
  x_ricevuta: word,
  ref_message_id: word,
  /** What follows is out of daticert.xml, by its own names. */
  daticert_tipo: word,
  errore: word,
  errore_esteso: word,
  consegna: word,
  msgid: word,
  identificativo: word,
  destinatari: v.nullish(v.array(v.string()), null),
});

/** What a mail is, as somebody who read it says. */
export type Label = v.InferOutput<typeof label>;

/** Read the lines of an `index.jsonl`; those that label something else are passed by. */
export function readLabels(text: string): Label[] {
  return readJsonLines(text, label);
}
