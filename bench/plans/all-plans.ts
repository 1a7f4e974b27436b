// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { backlog } from './backlog.ts';
import { attachment, connections, rtt } from './flood-plans.ts';
import { instances } from './instances.ts';
import { lanes } from './lanes.ts';
import { large } from './large.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import type { Plan } from './plan.ts';
import { pool } from './pool.ts';
import { acceptance, drain } from './queue-plans.ts';
import { throughput } from './throughput.ts';

/** In the order in which they run. */
export const PLANS: readonly Plan[] = [
  throughput,
  connections,
  rtt,
  attachment,
  latency,
  acceptance,
  drain,
  backlog,
  instances,
  lanes,
  pool,
  memory,
  large,
];
