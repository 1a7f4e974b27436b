// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import type { Macs } from '@mail-proxy/core';
import { fromBase32, toBase32 } from './base32.ts';

/**
 * Addresses and names that bring a bounce back to its message: `bounces+<id>.<mac>@domain`, or with the recipient
 * `bounces+<id>.<recipient>.<mac>@domain`, and `<id>.<mac>` as the envelope's id. The id is the message's key. Nobody who
 * does not have the key of this installation can make one; who got one may use it, for that message alone.
 */
export interface ReturnPaths {
  /** @param recipient - whose bounces are to come there; null for all */
  make(messagePk: string, place: ReturnPlace, recipient: string | null): string;
  /** What an address is, null where it is none of ours. In whichever domain, since several may lead here. */
  read(address: string): ReadPath | null;
  makeEnvelopeId(messagePk: string): string;
  /** The message's key; null where the id is none of ours. */
  readEnvelopeId(envelopeId: string): string | null;
}

export interface ReturnPlace {
  readonly domain: string;
  /** 1 to {@link MAX_PREFIX} characters. */
  readonly prefix: string;
}

export interface ReadPath {
  readonly messagePk: string;
  /** As {@link recipientTag} gives it; null where the address is for all recipients. */
  readonly tag: string | null;
}

const MAC_BYTES = 10;
const TAG_BYTES = 4;
/** So that a local part has no more than 64 characters (RFC 5321 §4.5.3.1.1): 26 of the id, 7 of the tag, 16 of the mac, three marks. */
export const MAX_PREFIX = 12;

/** Tells the recipients of one message apart, without saying who they are. */
export function recipientTag(recipient: string): string {
  return toBase32(createHash('sha256').update(recipient.toLowerCase()).digest().subarray(0, TAG_BYTES));
}

export function createReturnPaths(macs: Macs): ReturnPaths {
  const sign = (text: string): string => toBase32(macs.sign(text).subarray(0, MAC_BYTES));
  const isSigned = (text: string, mac: string): boolean => {
    const bytes = fromBase32(mac);
    return bytes?.byteLength === MAC_BYTES && macs.verify(text, bytes);
  };
  return {
    make(messagePk, { domain, prefix }, recipient) {
      const id = idOf(messagePk);
      const tag = recipient === null ? null : recipientTag(recipient);
      const mac = sign(pathText(id, tag));
      return `${prefix}+${tag === null ? id : `${id}.${tag}`}.${mac}@${domain}`;
    },
    read(address) {
      const [, id = '', tag = null, mac = ''] = PATH.exec(address.toLowerCase()) ?? [];
      const messagePk = pkOf(id);
      return messagePk !== null && isSigned(pathText(id, tag), mac) ? { messagePk, tag } : null;
    },
    makeEnvelopeId(messagePk) {
      const id = idOf(messagePk);
      return `${id}.${sign(envelopeText(id))}`;
    },
    readEnvelopeId(envelopeId) {
      const [, id = '', mac = ''] = ENVELOPE.exec(envelopeId.trim().toLowerCase()) ?? [];
      const messagePk = pkOf(id);
      return messagePk !== null && isSigned(envelopeText(id), mac) ? messagePk : null;
    },
  };
}

/** Of an address without brackets. Some servers put something in front of the whole. */
const PATH = /\+([a-z2-7]{26})(?:\.([a-z2-7]{7}))?\.([a-z2-7]{16})@[^@\s]+$/;
const ENVELOPE = /^([a-z2-7]{26})\.([a-z2-7]{16})$/;

function pathText(id: string, tag: string | null): string {
  return tag === null ? `path ${id}` : `path ${id} ${tag}`;
}

function envelopeText(id: string): string {
  return `envelope ${id}`;
}

/** Keys are UUIDs. */
function idOf(messagePk: string): string {
  return toBase32(Buffer.from(messagePk.replaceAll('-', ''), 'hex'));
}

function pkOf(id: string): string | null {
  const bytes = fromBase32(id);
  if (bytes?.byteLength !== 16) return null;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
