// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';

/** Read the lines of JSON that fit a schema; others are passed by. */
export function readJsonLines<Schema extends v.GenericSchema>(text: string, schema: Schema): v.InferOutput<Schema>[] {
  return text.split('\n').flatMap((line) => {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), line);
    return parsed.success ? [parsed.output] : [];
  });
}
