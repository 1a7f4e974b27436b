// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { BASE64_PREFIX } from './base64-bytes.ts';
import { splitStoragePath } from './storage-place.ts';

/** Where the bytes of an attachment come from. */
export const FETCH_MODES = ['base64', 'http_url', 'filesystem', 'endpoint', 'storage'] as const;
export type FetchMode = (typeof FETCH_MODES)[number];

/** Schemes are compared without case (RFC 3986 §3.1). */
const HTTP = /^https?:\/\//i;

/** Say where an attachment comes from that does not say so itself. The first rule that fits decides. */
export function inferFetchMode(storagePath: string, isStorage: (name: string) => boolean): FetchMode {
  if (storagePath.startsWith(BASE64_PREFIX)) return 'base64';
  if (HTTP.test(storagePath)) return 'http_url';
  if (storagePath.startsWith('/')) return 'filesystem';
  const place = splitStoragePath(storagePath);
  return place !== null && isStorage(place.name) ? 'storage' : 'endpoint';
}
