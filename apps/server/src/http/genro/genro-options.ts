// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Log } from '@mail-proxy/core';
import type { GenroSettings } from './genro-settings.ts';

/** What is set of it. */
export type GenroConfig = Pick<GenroOptions, 'sendDelayMs' | 'settings'>;

export interface GenroOptions {
  /** Bytes of a request's body. */
  readonly maxBodyBytes: number;
  /**
   * Milliseconds for which new messages wait before they are sent, so that a client may add messages and then suspend
   * them.
   */
  readonly sendDelayMs: number;
  readonly settings: GenroSettings;
  readonly clock: Clock;
  readonly log: Log;
}
