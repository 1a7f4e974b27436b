// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Verified } from '../../api/shapes.ts';
import { formatDuration } from '../../format/numbers.ts';
import { Badge } from '../../ui/badge.tsx';
import { Scrolled } from '../../ui/scrolled.tsx';
import { Section } from '../../ui/section.tsx';

/** Whether the relay let us in, and what was said. */
export function VerifyResult({ result }: { readonly result: Verified }) {
  const { ok, stage, code, reply, duration_ms, tls, transcript } = result;
  return (
    <Section title="Verified just now">
      <p role="status">
        <Badge tone={ok ? 'good' : 'bad'}>{ok ? 'works' : 'does not work'}</Badge>{' '}
        {[code, reply].filter((part) => part !== null).join(' ')}
        <span class="quiet">
          {' '}
          {!ok && stage !== null && `at ${stage.toUpperCase()}, `}
          {formatDuration(duration_ms)}
          {tls !== null && `, ${tls.version}`}
        </span>
      </p>
      {transcript.length > 0 && <Scrolled text={transcript.join('\n')} label="Transcript" look="code" />}
    </Section>
  );
}
