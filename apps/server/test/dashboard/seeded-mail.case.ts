// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A mail as shops send it. */
export function niceMail(order: number): object {
  return {
    subject: `Your order ${order} is on its way`,
    text: `Hello Ada,\n\nyour order ${order} left our warehouse and should be with you on Thursday.\n\nAcme Shop\n`,
    html: `<div style="font-family:sans-serif;max-width:32rem;margin:1.5rem auto;color:#1d2b36">
<h1 style="font-size:1.4rem;color:#0a6b4f">Your order is on its way</h1>
<p>Hello Ada,</p>
<p>your order <b>${order}</b> left our warehouse and should be with you on <b>Thursday</b>.</p>
<table style="width:100%;border-collapse:collapse"><tr style="background:#eef5f2"><th style="text-align:left;padding:8px">Item</th><th style="text-align:right;padding:8px">Price</th></tr>
<tr><td style="padding:8px">Rocket skates</td><td style="text-align:right;padding:8px">89.00</td></tr>
<tr><td style="padding:8px">Anvil, large</td><td style="text-align:right;padding:8px">45.50</td></tr></table>
<p style="margin-top:1.2rem"><a href="https://acme.example/orders/${order}" style="background:#0a6b4f;color:#fff;padding:10px 18px;border-radius:6px;text-decoration:none">Follow your parcel</a></p>
</div>`,
    headers: { 'X-Campaign': 'orders' },
    attachments: [
      { filename: `invoice-${order}.pdf`, mime_type: 'application/pdf', storage_path: 'base64:JVBERi0xLjQK' },
    ],
  };
}

/** Where the mail below would call, if it could. */
const ELSEWHERE = 'https://tracker.example.invalid';

/** A mail that tries whatever mails try. */
export function hostileMail(): object {
  return {
    subject: 'You won',
    text: 'You won.\n',
    html: `<html><head><base href="${ELSEWHERE}/"><meta http-equiv="refresh" content="0;url=${ELSEWHERE}/refresh">
<link rel="stylesheet" href="${ELSEWHERE}/style.css"><style>@import url(${ELSEWHERE}/import.css);
#styled { color: rgb(1, 2, 3); background-image: url(${ELSEWHERE}/background.png) }</style>
<script>parent.parent.document.title = 'taken'; fetch('${ELSEWHERE}/script')</script></head>
<body onload="parent.parent.document.title = 'taken'"><p id="styled">You won.</p>
<img src="${ELSEWHERE}/pixel.gif" onerror="top.document.title = 'taken'"><img src="x" onerror="fetch('${ELSEWHERE}/onerror')">
<svg onload="fetch('${ELSEWHERE}/svg')"></svg><iframe src="${ELSEWHERE}/frame"></iframe>
<video src="${ELSEWHERE}/video.mp4" autoplay></video><object data="${ELSEWHERE}/object"></object>
<form action="${ELSEWHERE}/form"><input name="a"><button id="send">Send</button></form>
<a id="link" href="${ELSEWHERE}/link" target="_top">Claim</a></body></html>`,
  };
}
