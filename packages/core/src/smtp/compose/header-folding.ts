// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** RFC 2047 §2 for lines with encoded-words; RFC 5322 §2.1.1 would take 78. */
const MAX_LINE = 76;
/**
 * What has no place to fold may be this long at most, so that with a field name it stays below the 998 octets of
 * RFC 5322 §2.1.1.
 */
export const MAX_UNFOLDABLE = 900;

/** White space with the word after it: where a line may begin. */
const FOLDABLE = /[ \t]*[^ \t]+/g;

/** Whether some stretch of `text` is too long to ever fit a line. */
export function hasUnfoldable(text: string): boolean {
  return text.length > MAX_UNFOLDABLE && (text.match(FOLDABLE) ?? []).some((part) => part.length > MAX_UNFOLDABLE);
}

/**
 * Write a field of ASCII text, folded before white space, which unfolding gives back unchanged. Nothing is folded
 * right after the name, where some readers see an empty field.
 */
export function foldText(name: string, value: string): string {
  const field = value === '' ? `${name}:` : `${name}: ${value}`;
  if (field.length <= MAX_LINE) return field;
  const [first = '', second = '', ...rest] = field.match(FOLDABLE) ?? [];
  let folded = first + second;
  let lineLength = folded.length;
  for (const part of rest) {
    if (lineLength + part.length > MAX_LINE) {
      folded += '\r\n';
      lineLength = 0;
    }
    folded += part;
    lineLength += part.length;
  }
  return folded;
}

/** Write a structured field of tokens with a space between them, folded between tokens only. */
export function foldTokens(name: string, tokens: readonly string[]): string {
  let folded = `${name}:`;
  let lineLength = folded.length;
  for (const [index, token] of tokens.entries()) {
    if (index > 0 && lineLength + 1 + token.length > MAX_LINE) {
      folded += '\r\n';
      lineLength = 0;
    }
    folded += ` ${token}`;
    lineLength += 1 + token.length;
  }
  return folded;
}
