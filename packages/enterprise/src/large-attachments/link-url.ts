// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Macs } from '@mail-proxy/core';

/** What a link says of itself. */
export interface SignedLink {
  readonly linkPk: string;
  /** In milliseconds, as it was signed; the link may end earlier. */
  readonly expiresAt: number;
}

export interface LinkPlace extends SignedLink {
  /** Where people reach the server, as `https://mail.example.com` or with a path. */
  readonly base: string;
  /** For people, and for clients that name what they save by the URL; nothing depends on it. */
  readonly filename: string;
}

/**
 * Links to files: `<base>/download/<id>-<expiry>-<mac>/<filename>`. Nobody who does not have the key of this installation can
 * make one, or one that ends later; who got one may use it.
 */
export interface LinkUrls {
  urlOf(place: LinkPlace): string;
  /** Read the part that is signed; null where it is none of ours. */
  read(token: string): SignedLink | null;
}

/** 2^128 tries for one that is right. */
const MAC_BYTES = 16;
/** So that clients of mail do not break the URL. The end tells the kind of file. */
const MAX_NAME = 80;
/** The key as 32 hex digits, milliseconds in base 36, the mac in base64url. */
const TOKEN = /^([0-9a-f]{32})-([0-9a-z]{1,10})-([\w-]{22})$/;

export function createLinkUrls(macs: Macs): LinkUrls {
  return {
    urlOf({ base, linkPk, expiresAt, filename }) {
      const signed = `${linkPk.replaceAll('-', '')}-${expiresAt.toString(36)}`;
      const mac = Buffer.from(macs.sign(textOf(signed)).subarray(0, MAC_BYTES)).toString('base64url');
      return `${base.replace(/\/+$/, '')}/download/${signed}-${mac}/${nameIn(filename)}`;
    },
    read(token) {
      const [, id = '', expiry = '', mac = ''] = TOKEN.exec(token) ?? [];
      const bytes = Buffer.from(mac, 'base64url');
      // The last letter says more than the bytes hold: one text is right, not sixteen.
      if (bytes.byteLength !== MAC_BYTES || bytes.toString('base64url') !== mac) return null;
      if (!macs.verify(textOf(`${id}-${expiry}`), bytes)) return null;
      return { linkPk: pkOf(id), expiresAt: Number.parseInt(expiry, 36) };
    },
  };
}

/** What is signed names its kind: no other text by the same keys reads as a link. */
function textOf(signed: string): string {
  return `download ${signed}`;
}

/** One segment of a path, also in plain text, where programs look for the end of a URL. */
function nameIn(filename: string): string {
  const name = [...filename.toWellFormed()].slice(-MAX_NAME).join('');
  // Programs take `.` and `..` out of a path.
  if (/^\.*$/.test(name)) return 'file';
  return encodeURIComponent(name).replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Keys are UUIDs. */
function pkOf(id: string): string {
  return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join('-');
}
