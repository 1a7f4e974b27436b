// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Builds the documentation into docs/dist, as files that any web server hands out, and follows every link in it:
// `node --conditions=mail-proxy-source scripts/build-site.mjs`. A link to a page, a heading or a file that is not there
// fails, and so does a page that the sidebar does not name.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'vitepress';
import { renderReference } from '../apps/server/src/docs/page.ts';
import { linkedFiles } from '../docs/.vitepress/pages.ts';
import { SIDEBAR } from '../docs/.vitepress/sidebar.ts';
import { ROOT } from './steps.mjs';

const OUT = join(ROOT, 'docs/dist');
/** Shown by no link of the sidebar: the front page, the one of what is not there, and files of the repository. */
const UNLISTED = /^(index|404)\.html$|^file\//;

await build(join(ROOT, 'docs'));
handOutFiles();
writeReference();

const pages = new Map(filesIn(OUT, '.html').map((path) => [path, readFileSync(join(OUT, path), 'utf8')]));
const anchors = new Map([...pages].map(([path, html]) => [path, anchorsOf(html)]));
const problems = [...pages].flatMap(([path, html]) => brokenLinks(path, html));
problems.push(...unlisted());
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`${pages.size} pages, every link leads somewhere`);

/** What is downloaded lies where the links lead. */
function handOutFiles() {
  for (const { file, href, download } of linkedFiles()) {
    if (!download) continue;
    mkdirSync(dirname(join(OUT, href)), { recursive: true });
    copyFileSync(join(ROOT, file), join(OUT, href));
  }
}

/** The page that a server shows at /docs. */
function writeReference() {
  const document = JSON.parse(readFileSync(join(ROOT, 'docs/reference/openapi.enterprise.json'), 'utf8'));
  writeFileSync(join(OUT, 'reference/openapi.html'), renderReference(document).html);
  copyFileSync(join(ROOT, 'docs/reference/openapi.enterprise.json'), join(OUT, 'openapi.json'));
}

function brokenLinks(page, html) {
  const links = [...html.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)].map(([, link]) => link.replaceAll('&amp;', '&'));
  return [...new Set(links)].flatMap((link) => {
    if (/^\w+:/.test(link)) return [];
    const { pathname, hash } = new URL(link, `http://site/${page}`);
    const path = decodeURIComponent(pathname.slice(1)).replace(/(^|\/)$/, '$1index.html');
    if (!existsSync(join(OUT, path))) return [`${page}: ${link} leads nowhere`];
    const anchor = decodeURIComponent(hash.slice(1));
    if (anchor === '' || anchors.get(path)?.has(anchor)) return [];
    return [`${page}: ${link} leads to a page without that heading`];
  });
}

function anchorsOf(html) {
  return new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
}

function unlisted() {
  const listed = new Set(SIDEBAR.flatMap(({ items = [] }) => items.map(({ link }) => link)));
  return [...pages.keys()]
    .filter((path) => !UNLISTED.test(path))
    .map((path) => ({ path, link: `/${path}`.replace(/index\.html$/, '').replace(/\.html$/, '') }))
    .filter(({ path, link }) => !listed.has(link) && !listed.has(`/${path}`))
    .map(({ path }) => `${path}: the sidebar does not name it (docs/.vitepress/sidebar.ts)`);
}

function filesIn(folder, ending) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}
