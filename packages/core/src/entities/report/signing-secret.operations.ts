// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { tenantId } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import { rotatedSecretOutput, rotateSecretInput, signingSecretOutput, signingSecretView } from './report.schema.ts';
import type { ReportServices } from './report-services.ts';

type SecretServices = Pick<ReportServices, 'tenants' | 'signingSecrets' | 'clock' | 'makePk'>;

const rotateSecret = defineOperation({
  name: 'tenants.rotate-signing-secret',
  summary: 'Add a secret that signs reports, which is shown this once; those before go on for a while',
  http: { method: 'POST', path: '/v1/tenants/{tenant_id}/signing-secrets', status: 201 },
  access: 'tenant',
  scope: 'tenant:write',
  audit: true,
  input: rotateSecretInput,
  output: rotatedSecretOutput,
  async run({ signingSecrets, clock, makePk }: SecretServices, { tenant_id, overlap_seconds, secret }) {
    const rotation = { tenantId: tenant_id, pk: makePk(), now: clock.now(), overlapMs: overlap_seconds * 1_000 };
    const rotated = await signingSecrets.rotate({ ...rotation, secret });
    return { ...signingSecretView(rotated.row), secret: rotated.secret };
  },
});

const listSecrets = defineOperation({
  name: 'tenants.list-signing-secrets',
  summary: 'List the secrets that sign the reports of a tenant, without showing them',
  http: { method: 'GET', path: '/v1/tenants/{tenant_id}/signing-secrets' },
  access: 'tenant',
  scope: 'tenant:read',
  audit: false,
  input: v.strictObject({ tenant_id: tenantId }),
  output: v.object({ items: v.array(signingSecretOutput) }),
  async run({ tenants, signingSecrets, clock }: SecretServices, { tenant_id }, { reach }) {
    await tenants.get(reach, tenant_id);
    return { items: (await signingSecrets.list(tenant_id, clock.now())).map(signingSecretView) };
  },
});

const revokeSecret = defineOperation({
  name: 'tenants.revoke-signing-secret',
  summary: 'End a secret that signs reports at once',
  http: { method: 'DELETE', path: '/v1/tenants/{tenant_id}/signing-secrets/{secret_id}', status: 204 },
  access: 'tenant',
  scope: 'tenant:write',
  audit: true,
  input: v.strictObject({ tenant_id: tenantId, secret_id: v.pipe(v.string(), v.uuid('expected the id of a secret')) }),
  output: v.null(),
  async run({ signingSecrets }: SecretServices, { tenant_id, secret_id }) {
    await signingSecrets.revoke(tenant_id, secret_id);
    return null;
  },
});

/** Commands on the secrets that sign reports. */
export const signingSecretOperations = [rotateSecret, listSecrets, revokeSecret] as const;
