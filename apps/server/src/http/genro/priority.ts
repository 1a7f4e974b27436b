// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { number } from './given-fields.ts';

const LABELS = ['immediate', 'high', 'medium', 'low'];

/** A label, or a number; the next one there is for what is beyond. */
export const priority = v.pipe(
  v.union(
    [
      number,
      v.pipe(
        v.string(),
        v.toLowerCase(),
        v.picklist(LABELS),
        v.transform((label) => LABELS.indexOf(label)),
      ),
    ],
    'expected 0 to 3, or immediate, high, medium or low',
  ),
  v.transform((level) => Math.min(3, Math.max(0, Math.trunc(level)))),
);
