// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';

/** A mail on disk, and what it is labelled as. */
export interface MailFile<Label> {
  readonly path: string;
  /** The folder's name and the path below it. */
  readonly name: string;
  readonly label: Label | null;
}

/** Reads the labels out of the text of an `index.jsonl`. */
export type ReadLabels<Label extends LabelOfFile> = (text: string) => readonly Label[];

export interface LabelOfFile {
  /** Relative to the folder of the index. */
  readonly file: string;
}

const INDEX = 'index.jsonl';
/** What lies beside mails and is none. */
const NO_MAIL = /^\.|\.(?:jsonl?|md|py|js|ts|csv|zip|gz|tar)$/i;

/**
 * List the mails below a path: one file; of a folder with an `index.jsonl` those that it lists; of any other all files.
 * `index`: labels of the whole, its files named relative to the folder that it lies in.
 */
export async function findMails<Label extends LabelOfFile>(
  path: string,
  index: string | null,
  readLabels: ReadLabels<Label>,
): Promise<MailFile<Label>[]> {
  const root = resolve(path);
  const labels = index === null ? new Map<string, Label>() : await labelsOf(resolve(index), readLabels);
  if ((await stat(root)).isFile())
    return [{ path: root, name: join(basename(dirname(root)), basename(root)), label: labels.get(root) ?? null }];
  const name = (file: string) => join(basename(root), relative(root, file));
  const files = await walk(root, labels, readLabels);
  return files.map(({ path: file, label }) => ({ path: file, name: name(file), label }));
}

type Found<Label> = Pick<MailFile<Label>, 'path' | 'label'>;

async function walk<Label extends LabelOfFile>(
  folder: string,
  given: ReadonlyMap<string, Label>,
  readLabels: ReadLabels<Label>,
): Promise<Found<Label>[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const hasIndex = entries.some((entry) => entry.isFile() && entry.name === INDEX);
  const own = hasIndex ? await labelsOf(join(folder, INDEX), readLabels) : null;
  const found: Found<Label>[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('.')) found.push(...(await walk(path, given, readLabels)));
    if (!entry.isFile() || NO_MAIL.test(entry.name)) continue;
    const label = given.get(path) ?? own?.get(path) ?? null;
    if (own === null || own.size === 0 || label !== null) found.push({ path, label });
  }
  return found;
}

async function labelsOf<Label extends LabelOfFile>(
  index: string,
  readLabels: ReadLabels<Label>,
): Promise<Map<string, Label>> {
  const labels = readLabels(await readFile(index, 'utf8'));
  return new Map(labels.map((label) => [join(dirname(index), label.file), label]));
}
