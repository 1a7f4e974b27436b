// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { Base64Bytes } from '../../attachments/base64-bytes.ts';
import { UploadedFile } from '../../attachments/uploaded-file.ts';

/**
 * Hash what a request asks for, so that the same one has the same hash whatever the order of its fields, and however its
 * files came. What says nothing, as an empty list, counts as absent.
 *
 * @returns SHA-256 in hex
 */
export async function requestHash(operation: string, input: unknown): Promise<string> {
  const hash = createHash('sha256').update(`${operation}\n`);
  hash.update(JSON.stringify(await canonical(input)) ?? '');
  return hash.digest('hex');
}

async function canonical(value: unknown): Promise<unknown> {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Base64Bytes) return value.toString();
  if (value instanceof UploadedFile) return { sha256: value.sha256 };
  if (value instanceof Uint8Array) return { sha256: createHash('sha256').update(value).digest('hex') };
  if (value instanceof Blob) return { sha256: await hashOf(value) };
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) items.push((await canonical(item)) ?? null);
    return items;
  }
  const fields: [string, unknown][] = [];
  for (const name of Object.keys(value).toSorted()) {
    const field = await canonical((value as Readonly<Record<string, unknown>>)[name]);
    if (saysSomething(field)) fields.push([name, field]);
  }
  return Object.fromEntries(fields);
}

function saysSomething(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

async function hashOf(blob: Blob): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of blob.stream()) hash.update(piece);
  return hash.digest('hex');
}
