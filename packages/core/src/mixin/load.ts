// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../errors.ts';
import { checkMixins } from './check.ts';
import type { Mixin } from './contract.ts';

/**
 * Which edition is wanted.
 * - `auto`: enterprise where the package is installed, community where it is not.
 * - `community`: the package is never looked for.
 * - `enterprise`: the package must be there.
 */
export type EditionChoice = 'auto' | 'community' | 'enterprise';

export interface MixinSource {
  readonly edition: EditionChoice;
  /** Find the package without running it: its address, or null when it is not installed. */
  readonly resolve: () => string | null;
  /** Import what `resolve` found. */
  readonly load: (resolved: string) => Promise<unknown>;
}

export interface LoadedMixins {
  readonly edition: 'community' | 'enterprise';
  readonly mixins: readonly Mixin[];
}

/**
 * Find the mixins of the enterprise package.
 *
 * Resolved first, imported second: a "module not found" of the import is then about something the package needs, so
 * that a broken installation never passes for the community edition.
 *
 * | package | edition wanted | outcome |
 * |---|---|---|
 * | absent | `auto` | community, no mixins |
 * | absent | `enterprise` | `mixin_required` |
 * | good | `auto`, `enterprise` | enterprise, its mixins |
 * | does not load, or exports no proper mixins | `auto`, `enterprise` | `mixin_broken` |
 * | of another contract | `auto`, `enterprise` | `mixin_incompatible` |
 * | any | `community` | community, nothing is resolved |
 *
 * @throws {MailProxyError} `mixin_required`, `mixin_broken`, `mixin_incompatible`
 */
export async function loadMixins({ edition, resolve, load }: MixinSource): Promise<LoadedMixins> {
  if (edition === 'community') return COMMUNITY;
  const resolved = find(resolve);
  if (resolved === null) {
    if (edition === 'auto') return COMMUNITY;
    throw new MailProxyError('mixin_required', {
      detail: 'the enterprise edition is demanded, but its package is not installed',
    });
  }
  return { edition: 'enterprise', mixins: checkMixins(await importFrom(resolved, load)) };
}

const COMMUNITY: LoadedMixins = { edition: 'community', mixins: [] };

function find(resolve: () => string | null): string | null {
  try {
    return resolve();
  } catch (error) {
    throw broken('it cannot be resolved', error);
  }
}

async function importFrom(resolved: string, load: (resolved: string) => Promise<unknown>): Promise<unknown> {
  try {
    return await load(resolved);
  } catch (error) {
    throw broken(`${resolved} does not load`, error);
  }
}

function broken(what: string, cause: unknown): MailProxyError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new MailProxyError('mixin_broken', {
    detail: `the enterprise package is present, but ${what}: ${why}`,
    cause,
  });
}
