// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** A file as it is answered. */
export interface WebFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same, smaller. */
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

/** The built dashboard, in memory: it is small. */
export interface WebFiles {
  readonly index: WebFile;
  /** By name. The name holds a hash of what is in it. */
  readonly assets: ReadonlyMap<string, WebFile>;
}

/** Where the build puts them, seen from the sources and from what was built of them. */
export const WEB_FOLDER = fileURLToPath(new URL('../../dist/web/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Read the files of a built dashboard; null where there is none. */
export function readWebFiles(folder: string = WEB_FOLDER): WebFiles | null {
  const index = join(folder, 'index.html');
  if (!existsSync(index)) return null;
  const assets = join(folder, 'assets');
  return {
    index: readWebFile(index),
    assets: new Map(readdirSync(assets).map((name) => [name, readWebFile(join(assets, name))])),
  };
}

function readWebFile(path: string): WebFile {
  const bytes = new Uint8Array(readFileSync(path));
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  return { type, bytes, gzipped: new Uint8Array(gzipSync(bytes)) };
}
