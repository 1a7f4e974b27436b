// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { formatFull, formatTime, formatUtc } from '../format/times.ts';

/** A moment in the zone of the browser; in full and in UTC where it is pointed at. */
export function Time({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={`${formatFull(at)}\n${formatUtc(at)}`}>
      {formatTime(at)}
    </time>
  );
}
