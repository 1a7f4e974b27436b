// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { cleanAddress } from '../../mail/addresses.ts';
import { type Field, fieldOf, readFields } from '../../mail/fields.ts';

/** A report of RFC 3464 as it came. */
export interface DeliveryStatus {
  readonly reportingMta: string | null;
  readonly envelopeId: string | null;
  readonly recipients: readonly StatusOfRecipient[];
}

export interface StatusOfRecipient {
  readonly address: string | null;
  readonly originalAddress: string | null;
  /** In lower case; null where it is missing, which some gateways do. */
  readonly action: string | null;
  readonly status: string | null;
  readonly diagnostic: string;
}

const MAX_RECIPIENTS = 1_000;
const STARTS_RECIPIENT = /^(?:final-recipient|original-recipient|x-actual-recipient|action|status|diagnostic-code)$/;

/** Read the groups of a delivery status, with the liberties that gateways take: no blank line, no Final-Recipient. */
export function readDeliveryStatus(text: string): DeliveryStatus {
  const groups = text
    .replaceAll('\r\n', '\n')
    .split(/\n[ \t]*\n/, MAX_RECIPIENTS + 1)
    .map((group) => readFields(group))
    .flatMap(splitGroups);
  const about = groups.find((group) => !isRecipient(group)) ?? groups[0] ?? [];
  return {
    reportingMta: hostOf(fieldOf(about, 'reporting-mta')),
    envelopeId: fieldOf(about, 'original-envelope-id')?.slice(0, 500) ?? null,
    recipients: groups.filter(isRecipient).map(recipientOf),
  };
}

/** Two recipients without a blank line between them. */
function splitGroups(group: Field[]): Field[][] {
  const starts = group.flatMap(([name], at) => (name === 'final-recipient' ? [at] : []));
  if (starts.length < 2) return [group];
  const cuts = [0, ...starts.slice(1), group.length];
  return cuts.slice(1).map((end, at) => group.slice(cuts[at], end));
}

function isRecipient(group: readonly Field[]): boolean {
  return group.some(([name]) => STARTS_RECIPIENT.test(name));
}

function recipientOf(group: readonly Field[]): StatusOfRecipient {
  const addressOf = (name: string) => {
    const value = fieldOf(group, name);
    return value === null ? null : cleanAddress(unescapeUnicode(value));
  };
  const final = addressOf('final-recipient');
  const original = addressOf('original-recipient') ?? addressOf('x-actual-recipient');
  const status = /\b([245])\.(\d{1,3})\.(\d{1,3})\b/.exec(fieldOf(group, 'status') ?? '');
  return {
    address: final ?? original,
    originalAddress: original !== final ? original : null,
    action: /[a-z]+/.exec(fieldOf(group, 'action')?.toLowerCase() ?? '')?.[0] ?? null,
    status: status?.[0] ?? null,
    diagnostic: (fieldOf(group, 'diagnostic-code') ?? '').replace(/^\s*[\w-]{1,20}\s*;\s*/, ''),
  };
}

function hostOf(value: string | null): string | null {
  return value === null ? null : value.replace(/^\s*[\w-]{1,20}\s*;\s*/, '').slice(0, 255) || null;
}

/** RFC 6533 §3: `\x{e9}` stands for é where a host on the way could not carry it. */
function unescapeUnicode(value: string): string {
  return value.replace(/\\x\{([0-9A-Fa-f]{1,6})\}/g, (whole, hex: string) => {
    const point = Number.parseInt(hex, 16);
    return point > 0x10_ffff || (point >= 0xd8_00 && point <= 0xdf_ff) ? whole : String.fromCodePoint(point);
  });
}
