// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Ways for a recipient to leave a list; at least one of the two is given. */
export interface ListUnsubscribe {
  /** Checked by {@link checkUnsubscribeUrl}. */
  readonly url: string | null;
  /** addr-spec. */
  readonly mailto: string | null;
  /** Whether a mail program may leave the list with one POST to `url` (RFC 8058). */
  readonly isOneClick: boolean;
}

/** In characters: an address in angle brackets is never folded, and a line has 998 octets (RFC 5322 §2.1.1). */
const MAX_URL = 890;
/** What may stand between angle brackets. */
const URL_CHARACTERS = /^[\x21-\x3b\x3d\x3f-\x7e]+$/;

/** Say why this cannot stand in List-Unsubscribe, or null if it can. */
export function checkUnsubscribeUrl(url: string): string | null {
  if (url.length > MAX_URL) return `it is longer than ${MAX_URL} characters`;
  if (!URL_CHARACTERS.test(url)) return 'it has characters that a URL writes in percent-encoding';
  if (!/^https:\/\//i.test(url) || !URL.canParse(url)) return 'it is not an https URL';
  return null;
}

/** Write the fields of RFC 2369 §3.2 and RFC 8058 §3.1. */
export function listUnsubscribeFields({ url, mailto, isOneClick }: ListUnsubscribe): readonly [string, string][] {
  const places = [
    ...(url === null ? [] : [`<${url}>`]),
    ...(mailto === null ? [] : [`<mailto:${percentEncoded(mailto)}>`]),
  ];
  const fields: [string, string][] = [['List-Unsubscribe', places.join(', ')]];
  if (isOneClick) fields.push(['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click']);
  return fields;
}

/** RFC 6068 §2: all but a few characters of the local part are percent-encoded; the domain is ASCII already. */
function percentEncoded(address: string): string {
  const at = address.lastIndexOf('@');
  return `${encodeURIComponent(address.slice(0, at))}${address.slice(at)}`;
}
