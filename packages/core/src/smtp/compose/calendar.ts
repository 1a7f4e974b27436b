// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailCalendar } from './content.ts';

const BEGIN = /^\uFEFF?\s*BEGIN:VCALENDAR\s/i;
/** The property as a line of its own (RFC 5545 §3.7.2). */
const METHOD = /^METHOD(?:;[^:\r\n]*)?:[ \t]*([^\r\n]*?)[ \t]*$/im;

/** Say why this is no content for an invitation with this method, or null if it is. */
export function checkCalendar({ method, content }: MailCalendar): string | null {
  if (!BEGIN.test(content)) return 'expected iCalendar text that starts with BEGIN:VCALENDAR';
  const stated = METHOD.exec(content)?.[1]?.toUpperCase();
  // RFC 6047 §2.4: both are the same. Calendars take one without the property for the parameter's.
  if (stated !== undefined && stated !== method) return `its METHOD is not ${method}`;
  return null;
}
