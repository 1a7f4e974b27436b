// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { SigningSecretStore } from '../entities/report/signing-secret.store.ts';
import type { TenantStore } from '../entities/tenant/tenant.store.ts';
import type { OutgoingHttp } from '../outgoing/outgoing-http.types.ts';
import {
  createHttpReportTransport,
  type ReportSink,
  type ReportTarget,
  type ReportTransport,
  reportUrl,
  SINK_TARGET,
  sinkReportTransport,
} from '../reporting/report-transport.ts';

/** How reports leave the engine: to the tenants' endpoints, or all to the embedder's sink. */
export interface ReportSide {
  readonly transport: ReportTransport;
  readonly targetOf: (tenantId: string) => Promise<ReportTarget | null>;
}

interface HttpReporting {
  readonly tenants: Pick<TenantStore, 'reportTarget'>;
  readonly signingSecrets: Pick<SigningSecretStore, 'secretsOf'>;
  readonly http: OutgoingHttp;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly requiresOk: boolean;
}

export function reportTransportOf(
  sink: ReportSink | undefined,
  { tenants, signingSecrets, http, clock, timeoutMs, requiresOk }: HttpReporting,
): ReportSide {
  if (sink !== undefined) return { transport: sinkReportTransport(sink), targetOf: async () => SINK_TARGET };
  return {
    transport: createHttpReportTransport({ http, clock, timeoutMs, requiresOk }),
    async targetOf(tenantId) {
      const target = await tenants.reportTarget(tenantId);
      if (target === null) return null;
      const { baseUrl, syncPath, auth, policy } = target;
      const secrets = await signingSecrets.secretsOf(tenantId, clock.now());
      return { url: reportUrl(baseUrl, syncPath), auth: auth ?? { method: 'none' }, policy, secrets };
    },
  };
}
