// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// A restore that is killed after one of its steps, by itself: no signal from outside meets it so exactly.
import { restoreDatabase } from '@mail-proxy/core';

const [database = '', file = '', step = '', times = '1'] = process.argv.slice(2);
let left = Number(times);

await restoreDatabase({
  config: { database },
  file,
  force: true,
  onStep(reached) {
    if (reached === step) left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  },
});
