// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/**
 * Where the engine writes what it does. `message` is a constant sentence, what differs stands in `fields`: no bodies,
 * no secrets, addresses at debug level only. A pino logger fits as it is.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A log that adds `fields` to each of its lines. */
  child?(fields: object): Log;
}

/** Writes nothing: what the engine uses until it is given another. */
export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLog,
};

function nothing(): void {
  // Silence is the purpose.
}
