// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, coreOperations, createMailEngine, type EditionChoice } from '@mail-proxy/core';
import { findMixins } from '../mixins.ts';

/** The operations of mixins are known once an engine has set them up; one in memory is enough. */
export async function installedOperations(edition: EditionChoice): Promise<readonly AnyOperation[]> {
  const { mixins } = await findMixins(edition);
  if (mixins.length === 0) return coreOperations;
  await using engine = await createMailEngine({ config: { database: ':memory:' }, mixins });
  return engine.operations;
}

/**
 * The operations that a command line may mean. Those of mixins take a fifth of a second to find, so they are looked for
 * where the first word is none of the others', and where help is asked for.
 */
export async function operationsFor(
  [word]: readonly string[],
  known: readonly string[],
): Promise<readonly AnyOperation[]> {
  const isKnown =
    word !== undefined &&
    (known.includes(word) || coreOperations.some(({ name }) => name.startsWith(`${word}.`)) || word === '--version');
  return isKnown ? coreOperations : installedOperations('auto');
}
