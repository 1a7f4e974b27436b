// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** From the least important on; silent is above all. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The level of a log that may be changed while it is written. */
export class LogThreshold {
  /** What the configuration says. */
  readonly configured: LogLevel;
  /** The least important level that is written now. */
  current: LogLevel;

  constructor(configured: LogLevel) {
    this.configured = configured;
    this.current = configured;
  }

  /** Whether entries of this level are written. */
  lets(level: Exclude<LogLevel, 'silent'>): boolean {
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.current);
  }

  /** Write all, or what was configured again. */
  toggleDebug(): void {
    this.current = this.current === 'debug' ? this.configured : 'debug';
  }
}
