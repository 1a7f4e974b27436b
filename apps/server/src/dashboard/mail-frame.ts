// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';

const STYLE = 'html,body,iframe{width:100%;height:100%;margin:0;border:0;display:block;background:#fff}';

/**
 * It puts the mail that it is given into a frame without any right. What would reach out of it is taken away before, though
 * the frame lets none of that happen: what is not there cannot try. A document that is parsed here loads nothing.
 */
const SCRIPT = `addEventListener('message', ({ source, data }) => {
  if (source !== parent) return;
  const mail = new DOMParser().parseFromString(data, 'text/html');
  mail.querySelectorAll('script,link,meta,base,iframe,frame,object,embed,portal').forEach((part) => part.remove());
  mail.head.insertAdjacentHTML('afterbegin', '<base target="_blank">');
  document.querySelector('iframe').srcdoc = '<!doctype html>' + mail.documentElement.outerHTML;
});`;

/** A page in which the dashboard shows the HTML of a mail. It holds none itself. */
export const MAIL_FRAME = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Mail</title>
<style>${STYLE}</style>
<iframe sandbox="" title="The mail"></iframe>
<script>${SCRIPT}</script>
</html>
`;

/**
 * The policy of that page, which its frame inherits: a mail has its own styles, which the dashboard's policy would not
 * let it have, and the images that are inside it. It has no script, since its frame may run none and the policy lets
 * through the one above only, and nothing of it comes from elsewhere.
 */
export const MAIL_POLICY = [
  "default-src 'none'",
  `script-src 'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`,
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');
