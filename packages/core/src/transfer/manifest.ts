// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { TableShape } from '../database/catalog.ts';
import { MailProxyError } from '../errors.ts';
import { damaged, folderError } from './archive-errors.ts';
import { syncFolder } from './sync-folder.ts';

/** Rises when an archive of before can no longer be read. */
const FORMAT_VERSION = 1;
const FORMAT = 'mail-proxy-archive';

/** Written last: a folder without it is no whole archive. */
export const MANIFEST = 'manifest.json';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const name = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/));

const tableSchema = v.strictObject({
  name,
  /** In the order of the values in a line. */
  columns: v.array(v.strictObject({ name, kind: v.picklist(['text', 'integer', 'real', 'bytes']) })),
  /** Lines are in the order of these columns. */
  key: v.array(name),
  rows: count,
  /** Of the lines, not of the compressed file. */
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** The last number that the table's serial column gave; null where it has none. */
  counter: v.nullable(count),
});

const manifestSchema = v.strictObject({
  format: v.literal(FORMAT),
  format_version: v.literal(FORMAT_VERSION),
  /** Version of the program that wrote it. */
  version: v.string(),
  created_at: v.string(),
  compression: v.picklist(['none', 'gzip']),
  /** Steps of the schema that the tables are of. */
  schema: v.array(v.strictObject({ namespace: v.string(), number: count, name: v.string(), min_reader: count })),
  /** Where secrets stand, and the ids of the keys that open them. */
  sealed: v.array(v.strictObject({ column: v.string(), key: v.string(), values: count })),
  /** Each after those that it refers to. */
  tables: v.array(tableSchema),
});

export type Manifest = v.InferOutput<typeof manifestSchema>;
export type ArchivedTable = Manifest['tables'][number];

/** A manifest as it lies in the folder, and what names this archive and no other. */
export interface ReadManifest {
  readonly manifest: Manifest;
  readonly digest: string;
}

export function newManifest(content: Omit<Manifest, 'format' | 'format_version'>): Manifest {
  return { format: FORMAT, format_version: FORMAT_VERSION, ...content };
}

export function archivedColumns({ columns }: TableShape): ArchivedTable['columns'] {
  return columns.map((column) => ({ name: column.name, kind: column.kind }));
}

/** Put the manifest into the folder, whole or not at all. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<string> {
  const digest = digestOf(manifest);
  const path = join(folder, MANIFEST);
  const file = await open(`${path}.new`, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ ...manifest, digest }, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolder(folder);
  return digest;
}

/** @throws {MailProxyError} `archive_damaged`; `schema_too_new` for the format of a newer version */
export async function readManifest(folder: string): Promise<ReadManifest> {
  const value = parseObject(await readText(folder));
  if (value['format'] !== FORMAT) throw damaged(`${MANIFEST} is not of mail-proxy`);
  if (typeof value['format_version'] === 'number' && value['format_version'] > FORMAT_VERSION) {
    throw new MailProxyError('schema_too_new', {
      detail: `the archive has the format ${value['format_version']}, and this version reads ${FORMAT_VERSION}. Use a newer version.`,
    });
  }
  const { digest, ...content } = value;
  const parsed = v.safeParse(manifestSchema, content);
  if (!parsed.success) throw damaged(`${MANIFEST} is malformed at ${v.getDotPath(parsed.issues[0]) ?? 'its top'}`);
  if (digest !== digestOf(parsed.output)) throw damaged(`${MANIFEST} was changed after the export`);
  return { manifest: parsed.output, digest };
}

async function readText(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, MANIFEST), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw damaged(`${folder} holds no ${MANIFEST}: it is no archive, or its export did not come to its end`, error);
    }
    throw folderError(folder, error);
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(`${MANIFEST} is not valid JSON`, error);
  }
  if (typeof value !== 'object' || value === null) throw damaged(`${MANIFEST} is not an object`);
  return { ...value };
}

/** The order of the keys is the schema's, here and after reading. */
function digestOf(manifest: Manifest): string {
  return createHash('sha256')
    .update(JSON.stringify(v.parse(manifestSchema, manifest)))
    .digest('hex');
}
