// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// A server to look at, with something of everything: node --conditions=mail-proxy-source .../seeded-server-main.ts
import { buildDashboard } from './built-dashboard.case.ts';
import { startSeededServer } from './seeded-server.case.ts';

const server = await startSeededServer(await buildDashboard());
console.log(
  JSON.stringify({ url: server.url, admin: server.adminToken, acme: server.acmeKey, reader: server.readerKey }),
);
