// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdir } from 'node:fs/promises';
import { MailProxyError } from '@mail-proxy/core';

/**
 * Make the data folder where there is none. For this user only: it holds mail, credentials and the token.
 *
 * @throws {MailProxyError} `invalid_config` when it cannot be made
 */
export async function makeDataFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MailProxyError('invalid_config', { detail: `the data folder cannot be made: ${why}`, cause: error });
  }
}
