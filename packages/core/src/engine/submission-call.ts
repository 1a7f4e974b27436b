// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SubmittedInput } from '../entities/message/raw-message.ts';
import type { Caller } from '../operations/execute.ts';
import type { SubmitOptions } from './engine.types.ts';

/** What an embedder's messages and options are for the operation, and who calls it. */
export function submissionCall(
  messages: readonly SubmittedInput[],
  { tenantId, onConflict, idempotencyKey, onReplayed, traceparent }: SubmitOptions,
  embedder: Caller,
): { readonly input: object; readonly caller: Caller } {
  return {
    input: {
      messages,
      ...(tenantId === undefined ? {} : { tenant_id: tenantId }),
      ...(onConflict === undefined ? {} : { on_conflict: onConflict }),
    },
    caller: {
      ...embedder,
      traceparent,
      ...(idempotencyKey === undefined ? {} : { idempotency: { key: idempotencyKey, replayed: () => onReplayed?.() } }),
    },
  };
}
