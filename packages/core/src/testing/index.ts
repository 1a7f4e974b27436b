// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
export { seededRandom } from './seeded-random.ts';
export { VirtualClock } from './virtual-clock.ts';
