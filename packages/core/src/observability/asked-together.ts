// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A reading that is made once for all who ask while it is under way: the gauges of one look at the database. */
export function askedTogether<Figures>(read: () => Promise<Figures>): () => Promise<Figures> {
  let figures: Promise<Figures> | null = null;
  return () => {
    figures ??= read().finally(() => {
      figures = null;
    });
    return figures;
  };
}
