// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fileURLToPath } from 'node:url';
import { tempDir } from '@mail-proxy/testkit';
import { build } from 'vite';
import { readWebFiles, type WebFiles } from '../../src/dashboard/web-files.ts';

const ROOT = fileURLToPath(new URL('../../../dashboard/', import.meta.url));

/** Build the pages from their sources as they are now, elsewhere than what is served otherwise. */
export async function buildDashboard(): Promise<WebFiles> {
  using dir = tempDir();
  const configFile = `${ROOT}vite.config.ts`;
  await build({ root: ROOT, configFile, logLevel: 'error', build: { outDir: dir.path, emptyOutDir: true } });
  const files = readWebFiles(dir.path);
  if (files === null) throw new Error('the build has an index.html');
  return files;
}
