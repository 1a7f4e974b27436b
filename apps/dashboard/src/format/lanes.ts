// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Lane } from '../api/shapes.ts';
import type { Tone } from './words.ts';

/** How a lane stands, as colours say it. */
export const LANE_TONES: Readonly<Record<Lane['state'], Tone>> = {
  sending: 'good',
  idle: 'quiet',
  waiting: 'wait',
  paused: 'bad',
  suspended: 'quiet',
};
