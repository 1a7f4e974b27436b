// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { computed } from '@preact/signals';
import type { ComponentType } from 'preact';
import type { Scope } from '../api/shapes.ts';
import { AccountPage } from '../pages/accounts/account-page.tsx';
import { AccountsPage } from '../pages/accounts/accounts-page.tsx';
import { AuditPage } from '../pages/audit/audit-page.tsx';
import { LanesPage } from '../pages/lanes/lanes-page.tsx';
import { MessagePage } from '../pages/message/message-page.tsx';
import { MessagesPage } from '../pages/messages/messages-page.tsx';
import { OverviewPage } from '../pages/overview/overview-page.tsx';
import { ReportsPage } from '../pages/reports/reports-page.tsx';
import { CapturedMailPage } from '../pages/sandbox/captured-mail-page.tsx';
import { SandboxPage } from '../pages/sandbox/sandbox-page.tsx';
import { SuppressionsPage } from '../pages/suppressions/suppressions-page.tsx';
import { TenantPage } from '../pages/tenants/tenant-page.tsx';
import { TenantsPage } from '../pages/tenants/tenants-page.tsx';
import { isTest, may, session } from '../session/session.ts';
import type { PageProps } from './page-props.ts';

interface PageEntry {
  readonly title: string;
  /** What a tenant's key needs for it; null where it is the operator's alone. */
  readonly scope: Scope | null;
  readonly href: string;
  /** Whether a test key sees it: such a key reaches sandboxes only. @defaultValue false */
  readonly forTestKeys?: true;
  /** Patterns of the router, and what each shows. */
  readonly routes: readonly (readonly [path: string, Page: ComponentType<PageProps>])[];
}

/** All pages, in the order of the menu. */
const PAGES: readonly PageEntry[] = [
  { title: 'Overview', scope: 'messages:read', href: '/overview', routes: [['/overview', OverviewPage]] },
  { title: 'Lanes', scope: 'accounts:read', href: '/lanes', routes: [['/lanes', LanesPage]] },
  {
    title: 'Messages',
    scope: 'messages:read',
    href: '/messages',
    forTestKeys: true,
    routes: [
      ['/messages', MessagesPage],
      ['/messages/:pk', MessagePage],
    ],
  },
  {
    title: 'Accounts',
    scope: 'accounts:read',
    href: '/accounts',
    forTestKeys: true,
    routes: [
      ['/accounts', AccountsPage],
      ['/accounts/:pk', AccountPage],
    ],
  },
  {
    title: 'Sandbox',
    scope: 'messages:read',
    href: '/sandbox',
    forTestKeys: true,
    routes: [
      ['/sandbox', SandboxPage],
      ['/sandbox/:pk', CapturedMailPage],
    ],
  },
  {
    title: 'Tenants',
    scope: null,
    href: '/tenants',
    routes: [
      ['/tenants', TenantsPage],
      ['/tenants/:id', TenantPage],
    ],
  },
  { title: 'Reports', scope: 'tenant:read', href: '/reports', routes: [['/reports', ReportsPage]] },
  {
    title: 'Suppressions',
    scope: 'suppressions:read',
    href: '/suppressions',
    routes: [['/suppressions', SuppressionsPage]],
  },
  { title: 'Audit', scope: 'audit:read', href: '/audit', routes: [['/audit', AuditPage]] },
];

/** Those that who is logged in may see. The first of them is where one begins. */
export const VISIBLE_PAGES = computed(() => {
  const isAdmin = session.value?.caller.kind === 'admin';
  return PAGES.filter(({ scope, forTestKeys = false }) => {
    if (isAdmin) return true;
    return scope !== null && may(scope) && (forTestKeys || !isTest.value);
  });
});
