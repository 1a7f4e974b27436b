// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { clientId, page, pageOf, rfc3339, secret, tenantId, timestamp } from '../../operations/fields.ts';
import { DKIM_ALGORITHMS, dkimRecord } from '../../smtp/compose/dkim-key.ts';
import { parseDomain } from '../../smtp/compose/domain.ts';
import type { DkimKey } from './dkim-key.store.ts';

/** Characters of a PEM; a key of 4,096 bits has some 3,300. */
const MAX_PEM = 16_384;
/** So that with `._domainkey.` a domain of usual length stays below the 253 characters of a name. */
const MAX_SELECTOR = 100;
/** `selector` of RFC 6376 §3.1; underscores are against the letter, and in use. */
const SELECTOR = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?)*$/;
/** RFC 1035 §2.3.4, without the root's dot. */
const MAX_NAME = 253;

const domain = v.pipe(
  v.string(),
  v.maxLength(MAX_NAME, `expected at most ${MAX_NAME} characters`),
  v.check((text) => !text.startsWith('[') && parseDomain(text).ok, 'expected a domain, such as example.com'),
  v.transform((text) => {
    const parsed = parseDomain(text);
    return (parsed.ok ? parsed.domain : text).toLowerCase();
  }),
);

const selector = v.pipe(
  v.string(),
  v.maxLength(MAX_SELECTOR, `expected at most ${MAX_SELECTOR} characters`),
  v.toLowerCase(),
  v.regex(SELECTOR, 'expected labels of letters, digits and hyphens, such as mail or 2026.mail'),
);

export const createDkimKeyInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  domain,
  selector,
  /** Signs the mail of this account only; of all accounts by default. */
  account_id: v.optional(clientId),
  /** PEM, not encrypted; either this or `generate`. */
  private_key: v.optional(secret(v.pipe(v.string(), v.maxLength(MAX_PEM, `expected at most ${MAX_PEM} characters`)))),
  /** Make a new key: RSA of 2,048 bits, or Ed25519, which not every receiver can check yet. */
  generate: v.optional(v.picklist(['rsa', 'ed25519'])),
});

export const dkimKeyReference = v.strictObject({ dkim_key_id: clientId, tenant_id: v.optional(tenantId) });

export const listDkimKeysInput = v.strictObject({ tenant_id: v.optional(tenantId), ...page });

export const dkimKeyOutput = v.object({
  pk: v.string(),
  tenant_id: v.string(),
  /** Null: of all accounts. */
  account_id: v.nullable(v.string()),
  domain: v.string(),
  selector: v.string(),
  algorithm: v.picklist(DKIM_ALGORITHMS),
  /** Where the TXT record stands. */
  dns_name: v.string(),
  /** What it says; a name server splits it into strings of at most 255 characters. */
  dns_value: v.string(),
  created_at: timestamp,
});

export const dkimKeyPage = pageOf(dkimKeyOutput);

export function dkimKeyView(key: DkimKey): v.InferOutput<typeof dkimKeyOutput> {
  const { pk, tenant_id, account_id, domain, selector, algorithm, created_at } = key;
  return {
    pk,
    tenant_id,
    account_id,
    domain,
    selector,
    algorithm,
    dns_name: `${selector}._domainkey.${domain}`,
    dns_value: dkimRecord({ algorithm, publicKey: key.public_key }),
    created_at: rfc3339(created_at),
  };
}
