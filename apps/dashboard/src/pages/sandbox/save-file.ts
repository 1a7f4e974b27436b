// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Hand what the server answered to the browser's downloads: a link cannot carry the token. */
export async function saveFile(stream: ReadableStream<Uint8Array>, name: string, type: string): Promise<void> {
  const bytes = await new Response(stream).arrayBuffer();
  // Never of a type that the browser opens in the name of this server.
  const blob = new Blob([bytes], { type: type === 'message/rfc822' ? type : 'application/octet-stream' });
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold of it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
