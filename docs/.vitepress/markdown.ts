// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// What makes documents that are written for the repository into pages of the site: links, drawings, the state diagram.
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { MarkdownOptions } from 'vitepress';
import { isElsewhere, ROOT, resolveLink } from './pages.ts';

type MarkdownIt = Parameters<NonNullable<MarkdownOptions['config']>>[0];

/** As GitHub makes anchors of headings, so that a link holds there and here. */
export function slugify(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
}

export function configureMarkdown(md: MarkdownIt): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const page = pageOf(env);
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const link = token.type === 'link_open' ? token.attrGet('href') : null;
      if (link === null || isElsewhere(link)) continue;
      const { href, download } = resolveLink(page, link);
      token.attrSet('href', href ?? '#');
      // Not a page: the browser itself has to ask for it.
      if (download) token.attrSet('target', '_blank');
    }
  });

  const image = md.renderer.rules.image;
  md.renderer.rules.image = (...call) => {
    const [tokens, index, , env] = call;
    const src = tokens[index]?.attrGet('src') ?? '';
    if (!src.endsWith('.svg') || isElsewhere(src)) return image?.(...call) ?? '';
    return drawing(join(ROOT, dirname(pageOf(env)), src), tokens[index]?.content ?? '');
  };

  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (...call) => {
    const [tokens, index] = call;
    const { info = '', content = '' } = tokens[index] ?? {};
    if (info.trim() === 'mermaid') return movesTable(content);
    return fence?.(...call) ?? '';
  };
}

/** @param env What VitePress hands to its rules: `realPath` where the place on the site is another one. */
function pageOf(env: { readonly realPath?: string; readonly path: string }): string {
  return relative(ROOT, env.realPath ?? env.path).replaceAll('\\', '/');
}

/** The drawing inside the page, where it takes on the page's colours; as an image it would not know whether it is dark. */
function drawing(file: string, alt: string): string {
  const svg = readFileSync(file, 'utf8').replace(/<!--.*?-->\s*/gs, '');
  return `<span class="drawing" role="img" aria-label="${escaped(alt)}" v-html="${escaped(JSON.stringify(svg))}"></span>`;
}

/** Forty arrows are no picture. GitHub draws them all the same; here they are a table, by the state that they leave. */
function movesTable(diagram: string): string {
  const moves = [...diagram.matchAll(/^\s*(\S+) --> (\S+): (.+)$/gm)];
  if (moves.length === 0) throw new Error(`a mermaid diagram that is none of states: draw it as SVG\n${diagram}`);
  const rows = moves.map(([, from = '', to = '', by = ''], index) => {
    const isFirst = moves[index - 1]?.[1] !== from;
    const left = from === '[*]' ? 'new' : `<code>${escaped(from)}</code>`;
    return `<tr><td>${isFirst ? left : ''}</td><td><code>${escaped(to)}</code></td><td>${escaped(by)}</td></tr>`;
  });
  return `<table><thead><tr><th>from</th><th>to</th><th>by</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
