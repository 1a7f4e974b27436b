#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Before anything native is loaded: under an older Node better-sqlite3 ends the process without a word.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 18)) {
  console.error(
    `mail-proxy needs Node.js 24.18 or newer; this is ${process.version}. From a checkout: npx -y pnpm@12 start`,
  );
  process.exit(1);
}
await import('../dist/main.js');
