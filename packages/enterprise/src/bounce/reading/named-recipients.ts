// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { addressesIn, cleanAddress, isDaemon } from '../../mail/addresses.ts';
import { ORIGINAL_FIELDS, ORIGINAL_MARKS } from './bounce-rules.ts';
import { RECIPIENT_TIERS } from './recipient-rules.ts';

/** A recipient of a bounce that is no delivery status, with the lines that tell why. */
export interface NamedRecipient {
  readonly address: string;
  readonly diagnostic: string;
}

const MAX_LINES = 2_000;
const MAX_LINE_CHARACTERS = 1_000;
const MAX_RECIPIENTS = 300;
const MAX_DIAGNOSTIC_LINES = 14;
/** The tier of rules that take anybody. */
const VAGUE = RECIPIENT_TIERS.length - 1;

/** The server's own words, and the mail that it returns below them where that is no part of its own. */
export function splitOriginal(text: string): { readonly own: string; readonly original: string | null } {
  const lines = text.replaceAll('\r\n', '\n').split('\n', MAX_LINES);
  const at = lines.findIndex((line, index) => index > 0 && beginsOriginal(lines, index, line.slice(0, 200)));
  if (at === -1) return { own: withoutQuotes(lines), original: null };
  return { own: withoutQuotes(lines.slice(0, at)), original: lines.slice(at).join('\n') };
}

/** What somebody quotes is not what he says; the dialogue of sendmail, `>>> RCPT`, is. */
function withoutQuotes(lines: readonly string[]): string {
  return lines.filter((line) => !/^>(?!>>)/.test(line)).join('\n');
}

function beginsOriginal(lines: readonly string[], at: number, line: string): boolean {
  const low = line.toLowerCase();
  const start = low.trimStart();
  if (/^>?received: ?(?:from|by|\()/.test(start)) return true;
  if (ORIGINAL_FIELDS.test(start)) {
    // One field may be talk about the mail; two in a row are its header.
    const next = lines.slice(at + 1, at + 4).map((each) => each.slice(0, 200).toLowerCase().trimStart());
    return (
      next.some((each) => /^[>]?[a-z][a-z0-9-]{1,40} ?:\s?\S/.test(each)) &&
      /^[>]?(?:received|return-path|dkim|x-|mime-|delivered-to|message-id)/.test(low.trimStart())
    );
  }
  return ORIGINAL_MARKS.some((mark) => mark.test(low));
}

/** Find whom a server names as failed in its own words. `notThese`: the addresses of those who write and are written to. */
export function namedRecipients(own: string, notThese: ReadonlySet<string>): NamedRecipient[] {
  const folded = own.split('\n', MAX_LINES);
  const lines = folded.map(plainLine);
  for (const [tier, rules] of RECIPIENT_TIERS.entries()) {
    const found = new Map<string, number>();
    let isParagraph = false;
    for (const [at, line] of lines.entries()) {
      // Postfix folds what it says of a recipient, and indents the rest of it by four blanks.
      isParagraph = /^<[^<>]*>/.test(line) || (isParagraph && /^ {4}\S/.test(folded[at] ?? ''));
      if (isParagraph && line.startsWith(' ')) continue;
      if (!line.includes('@') || (tier > 0 && isAboutOthers(line))) continue;
      for (const { line: pattern } of rules) {
        const address = cleanAddress(pattern.exec(line)?.[1] ?? '');
        if (address === null || (isDaemon(address) && !(tier === 0 && /^ ?<?[^ ]+>?: /.test(line)))) continue;
        const key = address.toLowerCase();
        if (notThese.has(key)) continue;
        if (!found.has(key)) found.set(key, at);
        // Exim lists several with commas; each is named.
        if (tier === 0 && /^[\s"'<]*\S+@\S+[,;]\s*\S+@/.test(line))
          for (const each of addressesIn(line))
            if (!notThese.has(each.toLowerCase()) && !found.has(each.toLowerCase())) found.set(each.toLowerCase(), at);
        break;
      }
      if (found.size >= MAX_RECIPIENTS) break;
    }
    // The vaguest rules are to be believed where they leave no choice.
    if (tier === VAGUE && found.size > 1) return [];
    if (found.size > 0)
      return [...found].map(([key, at]) => ({
        address: spelt(lines[at] ?? '', key),
        diagnostic: below(lines, at, found),
      }));
  }
  return [];
}

/** What is said of one of several: the lines that name it, each with the one below. */
export function linesAbout(address: string, own: string): string {
  const lines = own.split('\n', MAX_LINES);
  const key = address.toLowerCase();
  const names = lines.map((line) => line.toLowerCase().includes(key));
  return lines.filter((_line, at) => names[at] === true || names[at - 1] === true).join('\n');
}

/** With its white space as one blank each, so that no pattern can linger in it. */
function plainLine(line: string): string {
  return line.slice(0, MAX_LINE_CHARACTERS).replace(/\s+/g, ' ');
}

/** Lines that name whom to ask, not who failed. */
function isAboutOthers(line: string): boolean {
  return /^\s*(?:from|de|von|da|reply-to|sender|contact|system contact|for (?:further )?assistance|x-|subject|message-id|mail from|>>> mail from)\b|(?:please )?(?:contact|send mail to|write to|forward (?:it|this) to|mail from)\b/i.test(
    line,
  );
}

function spelt(line: string, key: string): string {
  return addressesIn(line).find((each) => each.toLowerCase() === key) ?? key;
}

/** What stands from the address on, up to the next one. */
function below(lines: readonly string[], at: number, found: ReadonlyMap<string, number>): string {
  const next = [...found.values()].filter((each) => each > at).sort((a, b) => a - b)[0] ?? lines.length;
  const said = lines.slice(at, Math.min(next, at + 4 * MAX_DIAGNOSTIC_LINES));
  return said
    .filter((line) => line.trim() !== '')
    .slice(0, MAX_DIAGNOSTIC_LINES)
    .join('\n');
}
