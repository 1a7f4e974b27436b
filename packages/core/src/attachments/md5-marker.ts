// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A file name, and the hash that its marker announced. */
export interface MarkedName {
  /** Without the marker. */
  readonly filename: string;
  /** Lower case; null without a marker. */
  readonly md5: string | null;
}

/** Braces with more or fewer digits hold no MD5: they are part of the name. */
const MARKER = /\{MD5:([a-f0-9]{32})\}/gi;

/**
 * Read `name_{MD5:<hash>}.ext`, as genro-mail-proxy does: what joins the marker to the name goes with it. Of several
 * markers the first counts.
 */
export function readMd5Marker(name: string): MarkedName {
  const [marker] = name.matchAll(MARKER);
  const md5 = marker?.[1]?.toLowerCase();
  if (md5 === undefined) return { filename: name, md5: null };
  const rest = name.replace(MARKER, '').replace(/_+/g, '_').replace(/^_|_$/g, '').replaceAll('_.', '.');
  // A marker that was all of the name, or all before the extension.
  const isNameless = rest === '' || (rest.startsWith('.') && !name.startsWith('.'));
  return { filename: isNameless ? `attachment${rest}` : rest, md5 };
}
