// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Worker } from 'node:worker_threads';
import { MailProxyError } from '../../../errors.ts';
import type { DatabaseCopy } from '../../database.ts';
import type { CopyNews, CopySettings } from './wire.ts';

/**
 * Begin to copy a database that is in use into a new file.
 *
 * @returns once the moment of the copy is settled
 * @throws {MailProxyError} `storage_full` where there is no room for it, `database_unavailable`
 */
export async function copyFile(settings: CopySettings): Promise<DatabaseCopy> {
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: settings, execArgv: [] });
  const begun = Promise.withResolvers<number>();
  const finished = Promise.withResolvers<void>();
  const fail = (error: Error): void => {
    begun.reject(error);
    finished.reject(error);
  };
  worker.on('message', (news: CopyNews) => {
    if (news.kind === 'begun') begun.resolve(news.bytes);
    else if (news.kind === 'done') finished.resolve();
    else fail(failure(news));
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new MailProxyError('database_unavailable', { detail: 'the copy was cut short' })));
  // Told by whichever of the two is waited for.
  finished.promise.catch(() => undefined);
  const bytes = await begun.promise;
  return {
    bytes,
    finished: finished.promise,
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

function failure({ isFull, message }: Extract<CopyNews, { kind: 'failed' }>): MailProxyError {
  return isFull
    ? new MailProxyError('storage_full', { detail: `there is no room for a copy of the database: ${message}` })
    : new MailProxyError('database_unavailable', { cause: new Error(message) });
}
