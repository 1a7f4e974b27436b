// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Puts the dashboard that was built into what is published of the server. Without one the server does without.
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './steps.mjs';

const BUILT = join(ROOT, 'apps', 'dashboard', 'dist');
const SERVED = join(ROOT, 'apps', 'server', 'dist', 'web');

rmSync(SERVED, { recursive: true, force: true });
if (existsSync(BUILT)) cpSync(BUILT, SERVED, { recursive: true });
else console.warn('the dashboard is not built: the server is built without it');
