// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Which documents of the repository are pages of the site, and where on it they are.
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Documents outside of `docs/`, with their place on the site. */
const OUTSIDE: Readonly<Record<string, string>> = {
  'ARCHITECTURE.md': 'architecture/index.md',
  'CHANGELOG.md': 'project/changes.md',
  'CONTRIBUTING.md': 'project/contributing.md',
  'LICENSING.md': 'project/licences.md',
  'SECURITY.md': 'project/security.md',
  'bench/README.md': 'project/bench.md',
  'examples/README.md': 'project/examples.md',
  'packages/client/README.md': 'guide/client.md',
  'torture/README.md': 'project/torture.md',
};
/** Each linked file is shown by it. */
const FILE_PAGE = 'docs/file/[path].md';
/** What a link to the front page of the repository leads to. */
const FRONT_PAGE = 'README.md';
/** May have been deleted: everything else works without it. */
const OPTIONAL = 'packages/enterprise/';
/** Large files for machines: they are downloaded, not shown. */
const DOWNLOAD = /\.json$/;

/** Markdown files of the repository, by their path from its root. */
export const PAGES: readonly string[] = [...documents('docs'), ...Object.keys(OUTSIDE)];

/** Markdown files that are no pages. */
export const OTHERS: readonly string[] = globSync('**/*.md', {
  cwd: ROOT,
  exclude: (name) => name === 'node_modules' || name === 'dist',
}).filter((path) => !PAGES.includes(path) && path !== FILE_PAGE);

/** A page's place on the site, with its `.md`. */
export function placeOf(page: string): string {
  const place = OUTSIDE[page] ?? page.replace(/^docs\//, '');
  return place.replace(/(^|\/)README\.md$/, '$1index.md');
}

export interface LinkTarget {
  /** From the root of the site; null where it leads to what was deleted. */
  readonly href: string | null;
  /** A file that is shown, or handed out, beside the pages; its path from the root of the repository. */
  readonly file?: string;
  readonly download?: boolean;
}

/**
 * Where a link of a document leads on the site.
 *
 * @throws Error where there is no such file
 */
export function resolveLink(page: string, link: string): LinkTarget {
  const [path = '', anchor] = link.split('#');
  const hash = anchor === undefined ? '' : `#${anchor}`;
  const target = posix.join(posix.dirname(page), decodeURI(path)).replace(/\/$/, '');
  if (target === FRONT_PAGE) return { href: '/' };
  if (target.startsWith(OPTIONAL) && !existsSync(join(ROOT, OPTIONAL))) return { href: null };
  if (target.startsWith('..') || !existsSync(join(ROOT, target)))
    throw new Error(`${page}: ${link} leads to no file of the repository`);
  const document = statSync(join(ROOT, target)).isDirectory() ? `${target}/README.md` : target;
  if (PAGES.includes(document)) return { href: `/${placeOf(document)}${hash}` };
  if (document !== target) throw new Error(`${page}: ${link} leads to a folder without a README.md`);
  if (DOWNLOAD.test(target)) return { href: `/${target.replace(/^docs\//, '')}`, file: target, download: true };
  return { href: `/file/${filePlaceOf(target)}.html${hash}`, file: target };
}

/** Where a linked file is shown, below `/file/`. VitePress would take `.md` away. */
export function filePlaceOf(file: string): string {
  return file.replace(/\.md$/, '-md');
}

/** Files that pages link to. */
export function linkedFiles(): readonly (LinkTarget & { readonly file: string })[] {
  const found = new Map<string, LinkTarget & { readonly file: string }>();
  for (const page of PAGES) {
    for (const [, link = ''] of readFileSync(join(ROOT, page), 'utf8').matchAll(/(?<!!\[[^\]]*)\]\(([^)\s]+)\)/g)) {
      if (isElsewhere(link)) continue;
      const { file, ...target } = resolveLink(page, link);
      if (file !== undefined) found.set(file, { ...target, file });
    }
  }
  return [...found.values()];
}

/** Whether a link leads out of the repository, or stays on its page. */
export function isElsewhere(link: string): boolean {
  return /^(\w+:|#|\/)/.test(link);
}

function documents(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !/(^|\/)[.[]/.test(path) && !path.startsWith('docs/dist/'))
    .toSorted();
}
