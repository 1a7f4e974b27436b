// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
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
  readonly http: OutgoingHttp;
  readonly timeoutMs: number;
}

export function reportTransportOf(
  sink: ReportSink | undefined,
  { tenants, http, timeoutMs }: HttpReporting,
): ReportSide {
  if (sink !== undefined) return { transport: sinkReportTransport(sink), targetOf: async () => SINK_TARGET };
  return {
    transport: createHttpReportTransport(http, timeoutMs),
    async targetOf(tenantId) {
      const target = await tenants.reportTarget(tenantId);
      if (target === null) return null;
      const { baseUrl, syncPath, auth, policy } = target;
      return { url: reportUrl(baseUrl, syncPath), auth: auth ?? { method: 'none' }, policy };
    },
  };
}
