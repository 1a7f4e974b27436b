// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import PostalMime from 'postal-mime';
import { contentTypeOf, type Entity, entityOf, partsOf } from '../../mail/entity.ts';
import { fieldOf } from '../../mail/fields.ts';
import { signedPart } from '../signature/signed-part.ts';
import { MAX_DATICERT_BYTES } from './daticert.ts';

/** A receipt has three parts in one multipart, one of which has two. */
const MAX_DEPTH = 4;
const MAX_PARTS = 50;
/** In base64. The MIME library takes some 15 µs a line, see bounce/reading/report-cut.ts. */
const MAX_PART_BYTES = MAX_DATICERT_BYTES * 1.5;
const MAX_PART_LINES = 8_000;
/** What the library needs to know of a part. */
const DECODED_BY = ['content-type', 'content-disposition', 'content-transfer-encoding'] as const;
const NO_BODY = new Uint8Array();

/** The bytes that the provider signed; null where nothing is signed. Of mail that was cut off, what there is of them. */
export function signedContent(raw: Uint8Array, isTruncated: boolean): Uint8Array | null {
  const signed = signedPart(raw);
  if (signed !== null || !isTruncated) return signed?.content ?? null;
  const whole = entityOf(raw);
  const { type, boundary, value } = contentTypeOf(whole);
  if (type !== 'multipart/signed' || boundary === null || !/pkcs7-signature/i.test(value)) return null;
  return partsOf(whole.body, boundary, MAX_PARTS)?.[0] ?? null;
}

/**
 * The daticert.xml of a provider, decoded. What other people wrote comes as a message in it (postacert.eml), into which
 * nobody looks here.
 */
export async function daticertIn(content: Uint8Array): Promise<Uint8Array | 'none' | 'many' | 'unreadable'> {
  const leaves = leavesOf(entityOf(content), MAX_DEPTH);
  if (leaves === null) return 'unreadable';
  const found: Entity[] = [];
  for (const leaf of leaves) if (isDaticert((await decoded(leaf, NO_BODY))?.filename ?? null)) found.push(leaf);
  const [first, second] = found;
  if (first === undefined) return 'none';
  if (second !== undefined) return 'many';
  if (first.body.length > MAX_PART_BYTES || linesOf(first.body) > MAX_PART_LINES) return 'unreadable';
  return (await decoded(first, first.body))?.content ?? 'unreadable';
}

/** The parts that are neither multiparts nor messages; null where there are more than any receipt has. */
function leavesOf(entity: Entity, depth: number): Entity[] | null {
  const { type, boundary } = contentTypeOf(entity);
  if (type.startsWith('message/')) return [];
  if (!type.startsWith('multipart/')) return [entity];
  const parts = boundary === null || depth === 0 ? null : partsOf(entity.body, boundary, MAX_PARTS);
  if (parts === null) return null;
  const leaves: Entity[] = [];
  for (const part of parts) {
    const below = leavesOf(entityOf(part), depth - 1);
    if (below === null || leaves.length + below.length > MAX_PARTS) return null;
    leaves.push(...below);
  }
  return leaves;
}

/** By name, as a path of either kind may stand before it. */
function isDaticert(filename: string | null): boolean {
  return /(?:^|[\\/])daticert\.xml$/i.test(filename?.trim() ?? '');
}

interface Attached {
  readonly filename: string | null;
  readonly content: Uint8Array;
}

/** A part as a mail of its own. Null for what the library refuses: the bytes are at hand, and nothing but they decides. */
async function decoded({ fields }: Entity, body: Uint8Array): Promise<Attached | null> {
  const header = DECODED_BY.map((name) => `${name}: ${fieldOf(fields, name) ?? ''}\n`).join('');
  const mail = Buffer.concat([Buffer.from(`${header}\n`, 'latin1'), body]);
  const email = await PostalMime.parse(mail, { forceRfc822Attachments: true, maxNestingDepth: 1 }).catch(() => null);
  const attachment = email?.attachments[0];
  if (attachment === undefined || typeof attachment.content === 'string') return null;
  return { filename: attachment.filename, content: new Uint8Array(attachment.content) };
}

function linesOf(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}
