#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Nothing native may be imported before this check: an older Node dies of it without a word.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 18)) {
  console.error(
    `mail-proxy needs Node.js 24.18 or newer; this is ${process.versions.node} (${process.execPath}). ` +
      'From a checkout, run: npx -y pnpm@12 start',
  );
  process.exit(78);
}
await import('../dist/main.js');
