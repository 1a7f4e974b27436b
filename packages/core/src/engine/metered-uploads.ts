// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Uploads } from '../attachments/uploads.ts';
import type { TenantRoom, UploadRoom } from '../entities/message/tenant-room.ts';
import type { TenantStore } from '../entities/tenant/tenant.store.ts';
import { type Principal, reachOf } from '../operations/principal.ts';

/** Uploads of one request; disposed of with it. */
export type MeteredUploads = Uploads & Disposable;

export interface MeteredUploadsParts {
  readonly uploads: Uploads;
  readonly room: TenantRoom;
  readonly tenants: Pick<TenantStore, 'get'>;
}

/**
 * Count what a tenant's key uploads with what waits of the tenant, from the first byte on: before it is stored it lies on
 * the same disks. An operator is not counted.
 */
export async function meterUploads(
  principal: Principal,
  { uploads, room, tenants }: MeteredUploadsParts,
): Promise<MeteredUploads> {
  const meter = principal.kind === 'tenant' ? await meterOf(principal.tenantId, { room, tenants }) : null;
  if (meter === null) return { ...uploads, [Symbol.dispose]: () => undefined };
  return {
    ...uploads,
    take: (body, roomBytes) => uploads.take(metered(body, meter), roomBytes),
    takeMessage: (body) => uploads.takeMessage(metered(body, meter)),
    [Symbol.dispose]: () => meter[Symbol.dispose](),
  };
}

async function meterOf(
  tenantId: string,
  { room, tenants }: Pick<MeteredUploadsParts, 'room' | 'tenants'>,
): Promise<UploadRoom | null> {
  const { max_pending: maxPending, max_bytes: maxBytes } = await tenants.get(reachOf(tenantId), tenantId);
  return room.upload(tenantId, { maxPending, maxBytes });
}

async function* metered(body: AsyncIterable<Uint8Array>, meter: UploadRoom): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    meter.add(piece.byteLength);
    yield piece;
  }
}
