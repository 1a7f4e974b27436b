// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Column } from '../ui/table.tsx';
import { isAdmin } from './session.ts';

/** The columns of a list; that of the tenant says something to the operator only. */
export function forCaller<Item>(columns: readonly Column<Item>[]): readonly Column<Item>[] {
  return isAdmin.value ? columns : columns.filter(({ title }) => title !== 'Tenant');
}
