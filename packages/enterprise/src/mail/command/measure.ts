// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** So many of so many. */
export interface Share {
  readonly hits: number;
  readonly of: number;
}

/** A mail that was read otherwise than it is labelled. */
export interface Miss {
  readonly file: string;
  readonly what: string;
}

/** One measure, and what it has to reach: at least or at most a share, or at most a number. */
export interface Measure {
  readonly name: string;
  readonly share: Share;
  readonly target: { readonly atLeast: number } | { readonly atMost: number } | { readonly atMostCount: number };
}

/** A mail with a label, and what it was read as. */
export interface Labelled<Label, Prediction> {
  readonly label: Label;
  readonly prediction: Prediction;
}

export interface Score {
  readonly measures: readonly Measure[];
  readonly misses: readonly Miss[];
}

/** Count those of which something is true. */
export function shareOf<Each>(of: readonly Each[], isHit: (each: Each) => boolean): Share {
  return { hits: of.filter(isHit).length, of: of.length };
}

/** Whether a measure reaches its target; one of nothing does. */
export function isReached({ share: { hits, of }, target }: Measure): boolean {
  if ('atMostCount' in target) return hits <= target.atMostCount;
  if (of === 0) return true;
  return 'atLeast' in target ? hits / of >= target.atLeast : hits / of <= target.atMost;
}
