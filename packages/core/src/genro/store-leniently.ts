// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError } from '../errors.ts';
import type { RunOperation } from './import-parts.ts';

export interface Storing {
  readonly run: RunOperation;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Without these there is nothing to store. */
  readonly required: readonly string[];
}

export type Stored =
  | {
      readonly kind: 'stored';
      readonly output: unknown /** What could not be stored of it, and why. */;
      readonly without: readonly string[];
    }
  | { readonly kind: 'already_here' }
  | { readonly kind: 'refused'; readonly reason: string };

/** Each try leaves out what the one before named. */
const MAX_TRIES = 10;

/** Store what an operation takes, without the fields that it refuses. */
export async function storeLeniently({ run, operation, input, required }: Storing): Promise<Stored> {
  const left = { ...input };
  const without: string[] = [];
  for (let attempt = 1; ; attempt++) {
    try {
      return { kind: 'stored', output: await run(operation, left), without };
    } catch (error) {
      if (isMailProxyError(error, 'duplicate_id')) return { kind: 'already_here' };
      const isOfFields = isMailProxyError(error, 'invalid_input') || isMailProxyError(error, 'enterprise_required');
      if (!isOfFields) {
        if (isMailProxyError(error, 'not_found') || isMailProxyError(error, 'conflict')) {
          return { kind: 'refused', reason: error.message };
        }
        throw error;
      }
      const wrong = error.problems.map(({ pointer, message }) => ({ field: pointer.split('/')[1] ?? '', message }));
      const isHopeless = wrong.length === 0 || wrong.some(({ field }) => required.includes(field) || !(field in left));
      if (isHopeless || attempt === MAX_TRIES) return { kind: 'refused', reason: error.message };
      for (const { field, message } of wrong) {
        delete left[field];
        without.push(`${field}: ${message}`);
      }
    }
  }
}
