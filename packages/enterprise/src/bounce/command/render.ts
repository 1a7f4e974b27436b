// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { table } from '../../mail/command/tables.ts';
import type { Prediction } from './prediction.ts';

/** A table for people: one line a mail. */
export function mailTable(predictions: readonly Prediction[]): string {
  const rows = predictions.map((each) => [
    each.file,
    each.kind,
    each.status ?? '',
    each.reason_class ?? '',
    each.permanence ?? '',
    each.address_dead === true ? 'dead' : '',
    each.recipients.slice(0, 2).join(' ') +
      (each.recipients.length > 2 ? ` and ${each.recipients.length - 2} more` : ''),
  ]);
  return table([['mail', 'kind', 'status', 'reason', 'permanence', 'address', 'recipients'], ...rows]);
}
