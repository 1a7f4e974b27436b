// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { batches } from './batches.ts';
import { diskFull } from './disk-full.ts';
import { halfOpen } from './half-open.ts';
import type { Load } from './load.ts';
import { overload } from './overload.ts';
import { scale } from './scale.ts';
import { soak } from './soak.ts';
import { uploads } from './uploads.ts';

/** All loads, in the order in which they run. */
export const LOADS: readonly Load[] = [uploads, halfOpen, batches, overload, diskFull, scale, soak];
