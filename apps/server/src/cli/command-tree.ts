// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Command, Option } from 'commander';

/** Values that an option takes, for completion; commander would refuse all others, which the server does better. */
const VALUES = new WeakMap<Option, readonly string[]>();

export function suggest(option: Option, values: readonly string[] | null): Option {
  if (values !== null) VALUES.set(option, values);
  return option;
}

export function suggestedFor(option: Option): readonly string[] {
  return option.argChoices ?? VALUES.get(option) ?? [];
}

/** A command that does something, with the words that call it. */
export interface CommandLeaf {
  readonly words: readonly string[];
  readonly command: Command;
}

/** All commands that do something, in the order of the help. */
export function leavesOf(command: Command, words: readonly string[] = []): readonly CommandLeaf[] {
  const inner = command.commands.flatMap((each) => leavesOf(each, [...words, each.name()]));
  // A resource takes nothing; what has options besides its commands, as stats, is one itself.
  const isOne = inner.length === 0 || (words.length > 0 && command.options.length > 0);
  return isOne ? [...inner, { words, command }] : inner;
}
