// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useRef } from 'preact/hooks';

/**
 * The HTML of a mail. The frame is a page of its own origin and policy; it puts what it is given into a second frame that
 * runs no script, loads nothing from anywhere and opens nothing.
 */
export function MailFrame({ html }: { readonly html: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const hand = (): void => frame.current?.contentWindow?.postMessage(html, '*');
  return (
    <>
      <iframe
        ref={frame}
        class="mail"
        title="The mail as it looks"
        src="./mail-frame"
        sandbox="allow-scripts"
        onLoad={hand}
      />
      <p class="hint">Images from elsewhere are not loaded, links do nothing, and no script runs.</p>
    </>
  );
}
