// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandStreams } from './read-mails.ts';

/** A folder `mails` with these files, what is no mail, and an index of labels where there are any. */
export async function mailFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
  labels: readonly object[],
): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'mails-'));
  const path = join(folder.path, 'mails');
  await mkdir(path);
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  await writeFile(join(path, 'README.md'), 'no mail');
  const index = labels.map((label) => `${JSON.stringify(label)}\n`).join('');
  if (labels.length > 0) await writeFile(join(path, 'index.jsonl'), index);
  return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** What a command answers, and what it wrote. */
export async function outputOf(command: (streams: CommandStreams) => Promise<number>): Promise<{
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}> {
  const written = { stdout: '', stderr: '' };
  const to = (name: keyof typeof written) => ({
    write(piece: string) {
      written[name] += piece;
    },
  });
  const code = await command({ stdout: to('stdout'), stderr: to('stderr') });
  return { code, ...written };
}
