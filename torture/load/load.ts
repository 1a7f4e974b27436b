// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** What a load found. */
export interface LoadResult {
  /** Names say their units. */
  readonly figures: Readonly<Record<string, number>>;
  /** What does not hold, in words. */
  readonly wrong: readonly string[];
}

export interface LoadOptions {
  /** How long a load lasts that has no end of its own; seconds. */
  readonly seconds: number;
  /** In place of a load's own number of messages, connections or documents. */
  readonly count: number | null;
}

/** More than a server can take, and what it does then. */
export interface Load {
  readonly name: string;
  /** One line: what is done, and what has to hold. */
  readonly about: string;
  run(options: LoadOptions): Promise<LoadResult>;
}
