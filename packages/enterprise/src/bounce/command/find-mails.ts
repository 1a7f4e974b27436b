// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Label, readLabels } from './labels.ts';

/** A mail on disk, and what it is labelled as. */
export interface MailFile {
  readonly path: string;
  /** The folder's name and the path below it. */
  readonly name: string;
  readonly label: Label | null;
}

const INDEX = 'index.jsonl';
/** What lies beside mails and is none. */
const NO_MAIL = /^\.|\.(?:jsonl?|md|py|js|ts|csv|zip|gz|tar)$/i;

/**
 * List the mails below a path: one file; of a folder with an `index.jsonl` those that it lists; of any other all files.
 * `index`: labels of the whole, its files named relative to the folder that it lies in.
 */
export async function findMails(path: string, index: string | null): Promise<MailFile[]> {
  const root = resolve(path);
  const labels = index === null ? new Map<string, Label>() : await labelsOf(resolve(index));
  if ((await stat(root)).isFile())
    return [{ path: root, name: join(basename(dirname(root)), basename(root)), label: labels.get(root) ?? null }];
  const name = (file: string) => join(basename(root), relative(root, file));
  const files = await walk(root, labels);
  return files.map(({ path: file, label }) => ({ path: file, name: name(file), label }));
}

type Found = Pick<MailFile, 'path' | 'label'>;

async function walk(folder: string, given: ReadonlyMap<string, Label>): Promise<Found[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const hasIndex = entries.some((entry) => entry.isFile() && entry.name === INDEX);
  const own = hasIndex ? await labelsOf(join(folder, INDEX)) : null;
  const found: Found[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('.')) found.push(...(await walk(path, given)));
    if (!entry.isFile() || NO_MAIL.test(entry.name)) continue;
    const label = given.get(path) ?? own?.get(path) ?? null;
    if (own === null || own.size === 0 || label !== null) found.push({ path, label });
  }
  return found;
}

async function labelsOf(index: string): Promise<Map<string, Label>> {
  const labels = readLabels(await readFile(index, 'utf8'));
  return new Map(labels.map((label) => [join(dirname(index), label.file), label]));
}
