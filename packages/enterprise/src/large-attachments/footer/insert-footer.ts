// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailContent } from '@mail-proxy/core';
import type { Footer } from './footer.types.ts';

/** Put a footer at the end of each body that there is; where there is neither text nor HTML it is the text. */
export function withFooter(content: MailContent, { html, text }: Footer): MailContent {
  return {
    ...content,
    html: content.html === null ? null : insertHtml(content.html, html),
    text: content.text === null && content.html !== null ? null : appendText(content.text, text),
  };
}

/** Before the last `</body>`, or the last `</html>` where there is none, or else at the end. */
function insertHtml(html: string, footer: string): string {
  const at = lastOf(/<\/body\s*>/gi, html) ?? lastOf(/<\/html\s*>/gi, html) ?? html.length;
  return html.slice(0, at) + footer + html.slice(at);
}

/** Where it begins; what is in comments is shown to nobody. */
function lastOf(tag: RegExp, html: string): number | null {
  const shown = html.replaceAll(/<!--[\s\S]*?(?:-->|$)/g, (comment) => ' '.repeat(comment.length));
  let last: number | null = null;
  // One at a time: a body may have a million of them.
  for (const { index } of shown.matchAll(tag)) last = index;
  return last;
}

function appendText(text: string | null, footer: string): string {
  return text === null || text.trim() === '' ? footer : `${text.trimEnd()}\n\n${footer}`;
}
