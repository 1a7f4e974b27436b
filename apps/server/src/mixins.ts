// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type EditionChoice, type LoadedMixins, loadMixins } from '@mail-proxy/core';

/** A variable, so that neither compiler nor linter takes the package for something that must be there. */
const PACKAGE: string = '@mail-proxy/enterprise';

/**
 * Load the mixins of the enterprise package where it is installed.
 *
 * @throws {MailProxyError} `mixin_required`, `mixin_broken`, `mixin_incompatible`
 */
export function findMixins(edition: EditionChoice): Promise<LoadedMixins> {
  return loadMixins({ edition, resolve: resolvePackage, load: (address) => import(address) });
}

function resolvePackage(): string | null {
  try {
    return import.meta.resolve(PACKAGE);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}
