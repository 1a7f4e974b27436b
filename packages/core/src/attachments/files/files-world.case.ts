// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { tempDir } from '@mail-proxy/testkit';
import type { AttachmentBody } from '../attachment-body.ts';

/** What no test may ever read. */
export const SECRET = 'the secret of another';

/** A folder to read from, and a secret beside it. */
export interface FilesWorld extends Disposable {
  /** Without links in it. */
  readonly inside: string;
  readonly outside: string;
  /** The file in `outside` that holds the secret. */
  readonly secret: string;
  /** Write a file in `inside`. @returns its path */
  write(name: string, content: string | Uint8Array): string;
  /** Make a folder in `inside`. @returns its path */
  folder(name: string): string;
  /** Make a link in `inside`. @returns its path */
  link(name: string, target: string): string;
  /** Make a FIFO in `inside`. @returns its path */
  fifo(name: string): string;
}

export function openFiles(): FilesWorld {
  const dir = tempDir();
  const base = realpathSync(dir.path);
  const [inside, outside] = [`${base}/inside`, `${base}/outside`];
  const secret = `${outside}/secret`;
  for (const folder of [inside, outside]) mkdirSync(folder);
  writeFileSync(secret, SECRET);
  const made = (name: string, make: (path: string) => void): string => {
    make(`${inside}/${name}`);
    return `${inside}/${name}`;
  };
  return {
    inside,
    outside,
    secret,
    write: (name, content) => made(name, (path) => writeFileSync(path, content)),
    folder: (name) => made(name, (path) => mkdirSync(path, { recursive: true })),
    link: (name, target) => made(name, (path) => symlinkSync(target, path)),
    fifo: (name) => made(name, (path) => execFileSync('mkfifo', [path])),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

/** All of a body, as text. */
export async function textOf({ body }: AttachmentBody): Promise<string> {
  return (await buffer(body)).toString();
}
