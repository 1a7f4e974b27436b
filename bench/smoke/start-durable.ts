// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startPostgres, type TestPostgres } from '@mail-proxy/testkit';

/** A PostgreSQL that waits for the disk, as in production; null, with the reason printed, where none can run. */
export async function startDurable(): Promise<TestPostgres | null> {
  try {
    return await startPostgres({ durable: true });
  } catch (error) {
    console.error(`no row on PostgreSQL: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
