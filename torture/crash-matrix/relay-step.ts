// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Step, WIRE_STEPS, type WireStep } from './cells.ts';

/** Where its relay has to hold a message of this step; null where the relay just serves it. */
export function relayStepOf(step: Step): WireStep | null {
  if (step === 'taken-not-stored') return 'after-dot';
  return WIRE_STEPS.find((wire) => wire === step) ?? null;
}
