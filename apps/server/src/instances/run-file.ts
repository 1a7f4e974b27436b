// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readKept, writeKept } from './kept-file.ts';
import { startOfProcess } from './process-start.ts';

const runFile = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Null where the system does not say when processes began. */
  process_mark: v.nullable(v.string()),
  url: v.string(),
  version: v.string(),
  /** RFC 3339 */
  started_at: v.string(),
});

/** What a server says of itself in its data folder while it runs. */
export type RunFile = v.InferOutput<typeof runFile>;

/** What is known of the server of a data folder. */
export type RunState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'running'; readonly run: RunFile }
  /** A process has the id, and may be another. */
  | { readonly kind: 'unsure'; readonly run: RunFile };

const pathIn = (dataDir: string): string => join(dataDir, 'server.json');

/** Say that this process serves the folder; what is given back takes that away again, if it is still so. */
export async function markRunning(
  dataDir: string,
  { url, version, startedAt }: { readonly url: string; readonly version: string; readonly startedAt: Date },
): Promise<AsyncDisposable> {
  const start = await startOfProcess(process.pid);
  const run: RunFile = {
    pid: process.pid,
    process_mark: start.kind === 'runs' ? start.mark : null,
    url,
    version,
    started_at: startedAt.toISOString(),
  };
  await writeKept(pathIn(dataDir), `${JSON.stringify(run, null, 2)}\n`);
  return {
    async [Symbol.asyncDispose]() {
      const left = await readRunFile(dataDir);
      // Instances with one database server may share a folder; the file is of the last that started.
      if (left?.pid === run.pid && left.process_mark === run.process_mark) await rm(pathIn(dataDir), { force: true });
    },
  };
}

/** What the server of a folder said last; it may have been killed since. */
export async function readRunFile(dataDir: string): Promise<RunFile | null> {
  const parsed = v.safeParse(runFile, await readKept(pathIn(dataDir), 'delete it and start the server again'));
  return parsed.success ? parsed.output : null;
}

/** Whether the process that wrote the file still runs, and not another that was given its id. */
export async function runStateOf(dataDir: string): Promise<RunState> {
  const run = await readRunFile(dataDir);
  if (run === null) return { kind: 'stopped' };
  const start = await startOfProcess(run.pid);
  if (start.kind === 'gone') return { kind: 'stopped' };
  if (start.kind === 'unknown' || run.process_mark === null) return { kind: 'unsure', run };
  return start.mark === run.process_mark ? { kind: 'running', run } : { kind: 'stopped' };
}
