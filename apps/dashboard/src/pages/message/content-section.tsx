// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Attachment, Message } from '../../api/shapes.ts';
import { formatBytes } from '../../format/numbers.ts';
import { may } from '../../session/session.ts';
import { ContentView } from '../../ui/content-view.tsx';
import { Section } from '../../ui/section.tsx';

/** What the message says, for those who may read it. */
export function ContentSection({ message }: { readonly message: Message }) {
  const { content, attachments } = message;
  return (
    <Section title={message.subject ?? 'Content'} note={message.from}>
      {content !== null && content !== undefined ? (
        <ContentView content={content} />
      ) : (
        <p class="quiet">{whyNot(message)}</p>
      )}
      {attachments.length > 0 && (
        <>
          <h3>Attachments</h3>
          <ul class="attachments">
            {attachments.map((attachment, index) => (
              <li key={`${index} ${attachment.filename}`}>
                <span class="id">{attachment.filename}</span> <span class="quiet">{about(attachment)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}

function whyNot({ content_removed }: Message): string {
  if (!may('messages:content'))
    return 'Your token does not open what messages say: it lacks the scope messages:content.';
  return content_removed
    ? 'The content was removed; how long it is kept is a setting.'
    : 'There is no content to show.';
}

function about({ mime_type, size, fetched, detached_by }: Attachment): string {
  const facts = [mime_type, size === null ? '' : formatBytes(size), fetched ? '' : 'not fetched yet'];
  if (detached_by !== null) facts.push('sent as a link');
  return facts.filter((fact) => fact !== '').join(', ');
}
