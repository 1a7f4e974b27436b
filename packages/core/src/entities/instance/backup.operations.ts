// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { piecesOfBytes } from '../../operations/lines.ts';
import { defineOperation } from '../../operations/operation.ts';

export interface BackupServices {
  /** The database of this moment, byte by byte. */
  readonly backUp: () => Promise<AsyncIterable<Uint8Array>>;
}

export const backUpInstance = defineOperation({
  name: 'instance.backup',
  summary: 'Read a consistent copy of the SQLite database, while mail goes on',
  http: { method: 'POST', path: '/v1/instance/backup', bytes: 'application/vnd.sqlite3' },
  access: 'admin',
  audit: true,
  input: v.strictObject({}),
  output: piecesOfBytes,
  run: ({ backUp }: BackupServices) => backUp(),
});
