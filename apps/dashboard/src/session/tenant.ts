// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { signal } from '@preact/signals';

const KEY = 'mail-proxy.tenant';

/** Whose things the operator looks at; '' for everybody's. A tenant's key sees its own whatever stands here. */
export const chosenTenant = signal(sessionStorage.getItem(KEY) ?? '');

export function chooseTenant(id: string): void {
  chosenTenant.value = id;
  sessionStorage.setItem(KEY, id);
}

/** As a field of a request; none for everybody's. */
export function ofTenant(id: string = chosenTenant.value): { tenant_id?: string } {
  return id === '' ? {} : { tenant_id: id };
}
