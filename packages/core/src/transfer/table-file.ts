// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { damaged, folderError } from './archive-errors.ts';
import type { ArchivedTable, Manifest } from './manifest.ts';

type Compression = Manifest['compression'];

/** One of the archive's files: the lines of one table. */
export interface TableFile {
  readonly folder: string;
  readonly table: string;
  readonly compression: Compression;
}

const NEWLINE = 0x0a;

export function fileNameOf({ table, compression }: Pick<TableFile, 'table' | 'compression'>): string {
  return `${table}.jsonl${compression === 'gzip' ? '.gz' : ''}`;
}

/**
 * Write lines, each with its line feed already, and sync them to the disk.
 *
 * @returns the SHA-256 of the lines
 */
export async function writeTableFile(file: TableFile, chunks: AsyncIterable<string>): Promise<string> {
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      const bytes = Buffer.from(chunk, 'utf8');
      hash.update(bytes);
      yield bytes;
    }
  }
  // Fails where there is such a file: nothing is ever written over. Only this user reads it: it holds mail.
  const target = createWriteStream(pathOf(file), { flags: 'wx', mode: 0o600, flush: true });
  try {
    if (file.compression === 'gzip') await pipeline(hashed, createGzip(), target);
    else await pipeline(hashed, target);
  } catch (error) {
    throw folderError(file.folder, error);
  }
  return hash.digest('hex');
}

/**
 * Compare a file with what the manifest says of it, before anything of it is used.
 *
 * @throws {MailProxyError} `archive_damaged`
 */
export async function checkTableFile(
  file: TableFile,
  expected: ArchivedTable,
  onRows: (rows: number) => void,
): Promise<void> {
  const hash = createHash('sha256');
  let rows = 0;
  for await (const bytes of bytesOf(file)) {
    hash.update(bytes);
    const inChunk = countNewlines(bytes);
    rows += inChunk;
    onRows(inChunk);
  }
  if (rows !== expected.rows) throw damaged(`${fileNameOf(file)} holds ${rows} rows of ${expected.rows}`);
  if (hash.digest('hex') !== expected.sha256) throw damaged(`${fileNameOf(file)} was changed after the export`);
}

/**
 * Read the lines of a file, without their line feeds. Split at that byte only: JSON text may hold U+2028, which other
 * readers of lines take for an end.
 */
export async function* linesOf(file: TableFile): AsyncGenerator<string, void, undefined> {
  let rest: Buffer[] = [];
  for await (const bytes of bytesOf(file)) {
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const line = bytes.subarray(start, end);
      yield rest.length === 0 ? line.toString('utf8') : Buffer.concat([...rest, line]).toString('utf8');
      rest = [];
      start = end + 1;
    }
    if (start < bytes.length) rest.push(bytes.subarray(start));
  }
  if (rest.length > 0) throw damaged(`${fileNameOf(file)} ends within a line`);
}

async function* bytesOf(file: TableFile): AsyncGenerator<Buffer, void, undefined> {
  const source = createReadStream(pathOf(file), { highWaterMark: 262_144 });
  const bytes: Readable = file.compression === 'gzip' ? source.pipe(createGunzip()) : source;
  // pipe() hands on no errors.
  if (bytes !== source) source.on('error', (error) => bytes.destroy(error));
  try {
    for await (const chunk of bytes) {
      // Streams of files and of zlib without an encoding give buffers.
      yield chunk as Buffer;
    }
  } catch (error) {
    throw damaged(`${fileNameOf(file)} cannot be read (${codeOf(error)})`, error);
  } finally {
    source.destroy();
  }
}

function pathOf(file: TableFile): string {
  return join(file.folder, fileNameOf(file));
}

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
