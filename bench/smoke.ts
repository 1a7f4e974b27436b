// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// A short benchmark that also runs with the tests: figures to look at, none is asserted. See README.md.
import { runPlans } from './cli/run-plans.ts';
import { messageCount } from './load/message-count.ts';
import { smoke } from './plans/smoke.ts';

const isWhole = await runPlans([smoke], {
  messages: messageCount(1_000),
  rounds: 1,
  rows: null,
  peers: false,
  seconds: 1,
  ready: 1,
  accounts: 1,
  mib: 1,
  json: false,
  markdown: false,
  out: null,
});
process.exitCode = isWhole ? 0 : 1;
