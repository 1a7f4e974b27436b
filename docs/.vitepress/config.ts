// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { configureMarkdown, slugify } from './markdown.ts';
import { OTHERS, placeOf, ROOT } from './pages.ts';
import { NAVIGATION, SIDEBAR } from './sidebar.ts';

export default defineConfig({
  title: 'mail-proxy',
  description: 'A durable mail queue between applications and SMTP relays',
  lang: 'en-GB',
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  // Documents link to files anywhere in the repository, and some of them are pages, too.
  srcDir: ROOT,
  srcExclude: OTHERS,
  rewrites: (page) => (page.startsWith('docs/file/') ? page.slice('docs/'.length) : placeOf(page)),
  outDir: join(ROOT, 'docs/dist'),
  cacheDir: join(ROOT, '.cache/vitepress'),
  metaChunk: true,
  // The reference of the command line is one page of 300 kB; it comes when it is asked for.
  vite: { build: { chunkSizeWarningLimit: 1_500 } },
  markdown: { anchor: { slugify }, config: configureMarkdown, lineNumbers: false },
  themeConfig: {
    nav: NAVIGATION,
    sidebar: SIDEBAR,
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        // Each page is rendered once more for the search, where colours are of no use.
        _render: (source, env, md) =>
          env.relativePath.startsWith('file/') ? '' : md.render(source.replaceAll(/^( *```)\w+/gm, '$1text'), env),
      },
    },
    docFooter: { prev: 'Before', next: 'Next' },
  },
});
