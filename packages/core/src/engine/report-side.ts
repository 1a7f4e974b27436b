// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { TenantStore } from '../entities/tenant/tenant.store.ts';
import {
  httpReportTransport,
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

export function reportTransportOf(
  sink: ReportSink | undefined,
  tenants: Pick<TenantStore, 'reportTarget'>,
): ReportSide {
  if (sink !== undefined) return { transport: sinkReportTransport(sink), targetOf: async () => SINK_TARGET };
  return {
    transport: httpReportTransport,
    async targetOf(tenantId) {
      const target = await tenants.reportTarget(tenantId);
      if (target === null) return null;
      return { url: reportUrl(target.baseUrl, target.syncPath), auth: target.auth ?? { method: 'none' } };
    },
  };
}
