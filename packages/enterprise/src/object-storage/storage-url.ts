// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fileURLToPath } from 'node:url';
import { checkPrefix } from './object-key.ts';

/** Storages in clouds, by the scheme of their URL. */
export const CLOUD_SCHEMES = { s3: 's3', gs: 'gcs', az: 'azure' } as const;

export type CloudKind = (typeof CLOUD_SCHEMES)[keyof typeof CLOUD_SCHEMES];

/** Where objects are to lie. */
export type StoragePlace =
  | { readonly kind: CloudKind; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'file'; readonly folder: string }
  | { readonly kind: 'named'; readonly name: string; readonly prefix: string };

export interface Problem {
  readonly problem: string;
}

/** Names of buckets and containers: hosts are made of them. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

/** Read `s3://bucket/prefix`, `gs://...`, `az://...`, `file:///folder` or `name:prefix`; or say what is wrong with it. */
export function parseStorageUrl(text: string): StoragePlace | Problem {
  const [, head, rest] = /^([^:]+):(.*)$/s.exec(text) ?? [];
  if (head === undefined || rest === undefined) {
    return { problem: 'expected a URL such as s3://bucket/prefix, or the name of a storage, a colon and a prefix' };
  }
  if (head === 'file') return parseFile(text);
  if (isCloud(head) && rest.startsWith('//')) return parseCloud(CLOUD_SCHEMES[head], rest.slice(2));
  if (rest.startsWith('//')) return { problem: 'expected s3://, gs://, az:// or file:///' };
  return withPrefix(rest, (prefix) => ({ kind: 'named', name: head, prefix }));
}

export function checkBucket(bucket: string): string | null {
  return BUCKET.test(bucket) && !bucket.includes('..') ? null : 'expected letters, digits, dots, - and _';
}

function isCloud(scheme: string): scheme is keyof typeof CLOUD_SCHEMES {
  return Object.hasOwn(CLOUD_SCHEMES, scheme);
}

function parseCloud(kind: CloudKind, rest: string): StoragePlace | Problem {
  const [bucket = '', ...segments] = rest.split('/');
  const problem = checkBucket(bucket);
  if (problem !== null) return { problem: `the bucket: ${problem}` };
  return withPrefix(segments.join('/'), (prefix) => ({ kind, bucket, prefix }));
}

function parseFile(text: string): StoragePlace | Problem {
  const url = /^file:\/\/\//.test(text) && !/[?#\\\p{Cc}]|%2f|%5c|%00/iu.test(text) ? URL.parse(text) : null;
  // `new URL` would resolve them silently.
  if (url === null || url.host !== '' || /\/(\.|%2e){1,2}(\/|$)/i.test(text)) {
    return { problem: 'expected file:/// and an absolute path' };
  }
  try {
    return { kind: 'file', folder: fileURLToPath(url) };
  } catch (error) {
    if (error instanceof URIError || (error instanceof TypeError && 'code' in error)) {
      return { problem: 'expected file:/// and an absolute path' };
    }
    throw error;
  }
}

/** Slashes around a prefix mean nothing. */
function withPrefix(text: string, place: (prefix: string) => StoragePlace): StoragePlace | Problem {
  const prefix = text.replace(/^\/+|\/+$/g, '');
  const problem = checkPrefix(prefix);
  return problem === null ? place(prefix) : { problem: `the prefix: ${problem}` };
}
