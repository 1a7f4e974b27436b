// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Asker } from '../asker.ts';
import type { SendFlags } from './read-draft.ts';

/** Ask for what a mail cannot do without. */
export async function askDraft(flags: SendFlags, asker: Asker | null): Promise<SendFlags> {
  if (asker === null) return flags;
  const { from, to, cc, bcc, subject, text, textFile, html, htmlFile } = flags;
  const hasRecipient = [to, cc, bcc].some((each) => each !== undefined);
  const hasContent = [text, textFile, html, htmlFile].some((each) => each !== undefined);
  return {
    ...flags,
    from: from ?? (await asker.text({ message: 'from', placeholder: 'Shop <orders@shop.example>' })),
    ...(hasRecipient ? {} : { to: [await asker.text({ message: 'to (several with commas between them)' })] }),
    subject: subject ?? (await asker.text({ message: 'subject' })),
    ...(hasContent ? {} : { text: await asker.text({ message: 'text, one line; for more see --text-file' }) }),
  };
}
