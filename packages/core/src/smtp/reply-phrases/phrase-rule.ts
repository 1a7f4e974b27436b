// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ReplyReason } from '../reply-reasons.types.ts';

/** Phrases of mail servers and providers that give one reason away. The first rule of a table that matches decides. */
export interface PhraseRule {
  readonly reason: ReplyReason;
  /** Any of these: text in the form of `wordsOf`, or a pattern that runs in linear time. */
  readonly says: readonly (string | RegExp)[];
  /** None of these. */
  readonly not?: readonly string[];
}
