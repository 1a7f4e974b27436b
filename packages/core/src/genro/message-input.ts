// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { asObject, dropAbsent, type Json, lineOf, parseObject } from './source-values.ts';
import { authOf } from './tenant-settings.ts';

/** A payload of the source, as it would be posted here; nothing of it is checked yet. */
export interface OldPayload {
  readonly input: Json;
  /** Attempts that failed for now, as far as the original counted. */
  readonly attempts: number;
}

/** How deep a payload may lie in others. */
const MAX_DEPTH = 10;
/** In characters; what has more bytes than fit is left to the check. */
const MAX_NAME = 200;
const ABSOLUTE = /^\//;
const MD5 = /^[0-9a-f]{32}$/i;

/** Read a payload; null for what is none. */
export function readPayload(text: string): OldPayload | null {
  const stored = parseObject(text);
  if (stored === null) return null;
  let payload: Json = stored;
  let attempts = 0;
  for (let depth = 0; ; depth++) {
    const count = Number(payload['retry_count']);
    if (Number.isInteger(count) && count > attempts) attempts = count;
    // When the original deferred a message it stored the whole row as the new payload, and with each attempt once more.
    const inner: Json | null =
      payload['from'] === undefined && payload['from_addr'] === undefined ? payloadIn(payload) : null;
    if (inner === null || depth === MAX_DEPTH) break;
    payload = inner;
  }
  return { input: inputOf(payload), attempts };
}

function payloadIn({ message, payload }: Json): Json | null {
  const inner = message ?? payload;
  return typeof inner === 'string' ? parseObject(inner) : asObject(inner);
}

function inputOf(payload: Json): Json {
  const type = payload['content_type'];
  const isHtml = typeof type === 'string' && type.toLowerCase().endsWith('html');
  return dropAbsent({
    from: payload['from'] ?? payload['from_addr'],
    to: addressesOf(payload['to']),
    cc: addressesOf(payload['cc']),
    bcc: addressesOf(payload['bcc']),
    reply_to: addressesOf(payload['reply_to']),
    // An empty one meant that of From.
    return_path: payload['return_path'] === '' ? null : payload['return_path'],
    subject: payload['subject'] ?? '',
    body: payload['body'] ?? '',
    content_type: isHtml ? 'html' : 'plain',
    headers: headersOf(payload['headers']),
    message_id: messageIdOf(payload['message_id']),
    attachments: Array.isArray(payload['attachments']) ? payload['attachments'].map(attachmentOf) : null,
  });
}

/** Texts, or a text with commas in it. */
function addressesOf(value: unknown): unknown {
  if (value === '' || value === null || value === undefined) return null;
  if (!Array.isArray(value)) return value;
  const given = value.filter((each) => each !== null && each !== '');
  return given.length === 0 ? null : given;
}

/** The original wrote whatever JSON has as text. */
function headersOf(value: unknown): Json | null {
  const headers = asObject(value);
  if (headers === null) return null;
  const texts = Object.entries(dropAbsent(headers)).map(([name, each]) => [name, String(each)] as const);
  return texts.length === 0 ? null : Object.fromEntries(texts);
}

function messageIdOf(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return null;
  return value.startsWith('<') ? value : `<${value}>`;
}

function attachmentOf(value: unknown): unknown {
  const attachment = asObject(value);
  if (attachment === null) return value;
  const { filename, storage_path: path, mime_type, fetch_mode, content_md5, auth } = attachment;
  const mode = typeof path === 'string' ? modeOf(path, fetch_mode) : fetch_mode;
  const isAsked = mode === 'http_url' || mode === 'endpoint';
  return dropAbsent({
    filename: typeof filename === 'string' ? nameOf(filename) : filename,
    storage_path: path,
    fetch_mode: mode,
    mime_type: mime_type === '' ? null : mime_type,
    content_md5: typeof content_md5 === 'string' && MD5.test(content_md5) ? content_md5 : null,
    // Empty meant that none are shown.
    auth: isAsked ? authOf(asObject(auth)) : null,
  });
}

/** The original wrote paths, which readers of mail take for names of files. */
function nameOf(filename: string): string {
  const name = lineOf(filename.replace(/^.*[/\\]/s, ''), MAX_NAME);
  return name === '' || name === '.' || name === '..' ? 'attachment' : name;
}

/** The rules by which the original told it, and its two words for one thing. */
function modeOf(path: string, given: unknown): unknown {
  if (given === 'storage' || given === 'filesystem') return ABSOLUTE.test(path) ? 'filesystem' : 'storage';
  if (typeof given === 'string' && given !== '') return given;
  if (path.startsWith('base64:')) return 'base64';
  if (/^https?:\/\//i.test(path)) return 'http_url';
  if (ABSOLUTE.test(path)) return 'filesystem';
  return path.includes(':') ? 'storage' : 'endpoint';
}
