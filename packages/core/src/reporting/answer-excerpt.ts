// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ClientAuth } from '../entities/tenant/client-auth.ts';

/** Characters of an answer that are kept for a person to look at. */
const KEPT_CHARACTERS = 2_000;

/** The beginning of an answer. An endpoint that shows what it was sent does not bring our secrets into the log of calls. */
export function answerExcerpt(
  text: string,
  { auth, secrets = [] }: { readonly auth: ClientAuth; readonly secrets?: readonly string[] },
): string {
  const hidden = [...secretsIn(auth), ...secrets.flatMap((secret) => [secret, secret.replace(/^whsec_/, '')])];
  const shown = hidden.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
  // PostgreSQL stores no NUL.
  return shown.slice(0, KEPT_CHARACTERS).replaceAll('\u0000', '\ufffd').toWellFormed();
}

function secretsIn(auth: ClientAuth): readonly string[] {
  switch (auth.method) {
    case 'none':
      return [];
    case 'bearer':
      return [auth.token];
    case 'basic':
      return [
        Buffer.from(`${auth.user}:${auth.password}`, 'utf8').toString('base64'),
        ...(auth.password === '' ? [] : [auth.password]),
      ];
    default:
      return auth satisfies never;
  }
}
