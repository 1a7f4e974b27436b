#!/usr/bin/env node
// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Before anything is imported that an older Node does not have.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 18)) {
  console.error(`mail-proxy-pec needs Node.js 24.18 or newer; this is ${process.versions.node}`);
  process.exit(78);
}
await import('../dist/pec/command/main.js');
