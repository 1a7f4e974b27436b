// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Entities that turn up in bounces; others stay as they are. */
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: ' ' };

const BREAKS = /<(?:br|\/p|p|\/div|div|\/tr|tr|\/li|li|\/h\d|h\d|hr|\/td|\/pre|pre|blockquote)\b[^<>]{0,500}>/gi;
const TAGS = /<(?:!--|[!/?]?[a-z])[^<>]{0,2000}>/gi;

/** Turn HTML into lines of text, as far as a report needs it: not for display. */
export function htmlToLines(html: string): string {
  return dropBlocks(html)
    .replace(/&lt;br&gt;/gi, '\n')
    .replace(BREAKS, '\n')
    .replace(TAGS, ' ')
    .replace(/&(#\d{1,7}|#x[\da-f]{1,6}|[a-z]{1,8});/gi, (whole, name: string) => decodeEntity(whole, name));
}

/** Style sheets and scripts are no words. Searched by hand: a pattern would look for the end again at each beginning. */
function dropBlocks(html: string): string {
  let kept = html;
  for (const tag of ['style', 'script', 'head']) kept = dropBlock(kept, tag);
  return kept;
}

function dropBlock(html: string, tag: string): string {
  const lower = html.toLowerCase();
  const pieces: string[] = [];
  let at = 0;
  for (let begin = lower.indexOf(`<${tag}`); begin !== -1; begin = lower.indexOf(`<${tag}`, at)) {
    const end = lower.indexOf(`</${tag}`, begin);
    if (end === -1) break;
    pieces.push(html.slice(at, begin));
    at = end;
  }
  pieces.push(html.slice(at));
  return pieces.join(' ');
}

function decodeEntity(whole: string, name: string): string {
  if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole;
  const point = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return point > 0x10_ffff || (point >= 0xd8_00 && point <= 0xdf_ff) ? ' ' : String.fromCodePoint(point);
}
