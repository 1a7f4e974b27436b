// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ReceivedReport, startReportReceiver } from '@mail-proxy/testkit';

/** The endpoint of a tenant that is told what becomes of its mail, and does not always take it. */
export interface Endpoint extends AsyncDisposable {
  readonly url: string;
  /** All that came, that of calls which failed too. */
  readonly reports: readonly ReceivedReport[];
  /** Calls there were. */
  readonly calls: number;
  /** It answers 503. */
  isAway: boolean;
}

/**
 * @param failing - share of the calls that fail
 * @param random - in [0, 1)
 */
export async function openEndpoint(failing: number, random: () => number): Promise<Endpoint> {
  let isAway = false;
  const receiver = await startReportReceiver({
    answer() {
      if (isAway) return { status: 503 };
      return random() < failing ? { status: 500 } : {};
    },
  });
  return {
    url: receiver.url,
    reports: receiver.reports,
    get calls() {
      return receiver.requests.length;
    },
    get isAway() {
      return isAway;
    },
    set isAway(next) {
      isAway = next;
    },
    [Symbol.asyncDispose]: () => receiver.close(),
  };
}
