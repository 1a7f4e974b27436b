// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FooterFile } from './footer.types.ts';
import { renderFooter, templateProblem } from './footer-template.ts';

const OURS = { html: null, text: null };

function file(change: Partial<FooterFile> = {}): FooterFile {
  return {
    filename: 'plans.zip',
    url: 'https://files.example.com/download/1-2-3/plans.zip?a=1&b=2',
    size: '50.0 MB',
    size_bytes: 52_428_800,
    expires_at: '2026-12-28T09:05:00.000Z',
    ...change,
  };
}

test('ours name each file, its size and its link, and until when it works', () => {
  const second = file({ filename: 'b.iso', url: 'https://files.example.com/b', size: '1.5 MB' });
  const { html, text } = renderFooter(OURS, [file(), second]);
  expect(text).toBe(`---
Large attachments to download:
- plans.zip (50.0 MB):
  https://files.example.com/download/1-2-3/plans.zip?a=1&b=2
- b.iso (1.5 MB):
  https://files.example.com/b
The links work until 2026-12-28 09:05 UTC.
`);
  expect(html).toBe(`
<hr>
<p><strong>Large attachments to download:</strong></p>
<ul>
<li><a href="https://files.example.com/download/1-2-3/plans.zip?a=1&amp;b=2">plans.zip</a> (50.0 MB)</li>
<li><a href="https://files.example.com/b">b.iso</a> (1.5 MB)</li>
</ul>
<p>The links work until 2026-12-28 09:05 UTC.</p>
`);
  expect(renderFooter(OURS, [file()]).text).toContain('\nThe link works until');
});

test('no file name is markup, whatever it is, in ours or in any other template', () => {
  const templates = [
    null,
    '{{ files[0].filename }}',
    '<a title="{{ files[0].filename }}">{{ files[0].filename | upcase }}</a>',
    '{% echo files[0].filename %}{% cycle files[0].filename, "" %}',
    '{% liquid echo files[0].filename %}',
    '{% assign name = files[0].filename | append: "" %}{{ name }}',
    '{% tablerow file in files %}{{ file.filename }}{% endtablerow %}',
  ];
  const names = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('<script>alert(1)</script>.pdf', '"><img src=x onerror=y>', "'onclick='", '{{ files }}', '&amp;'),
  );
  fc.assert(
    fc.property(names, fc.constantFrom(...templates), (filename, html) => {
      const shown = renderFooter({ html, text: null }, [file({ filename: 'N' })]).html;
      const marks = (text: string): string => text.replaceAll(/[^<>"']/g, '');
      expect(marks(renderFooter({ html, text: null }, [file({ filename })]).html)).toBe(marks(shown));
    }),
  );
  const { html, text } = renderFooter(OURS, [file({ filename: '<b>"a" & \'b\'.pdf' })]);
  expect(html).toContain('>&lt;b&gt;&#34;a&#34; &amp; &#39;b&#39;.pdf</a>');
  expect(text).toContain('- <b>"a" & \'b\'.pdf (');
});

test('a tenant says it in its own words, of all that is known of the files', () => {
  const text =
    '{% for file in files %}{{ file.filename }} {{ file.size_bytes }} {{ file.expires_at }} {{ expires_at | date: "%d.%m.%Y" }}{% endfor %}';
  expect(renderFooter({ html: null, text }, [file()]).text).toBe(
    'plans.zip 52428800 2026-12-28T09:05:00.000Z 28.12.2026',
  );
});

test('all links work until the first of them ends', () => {
  const files = [file(), file({ expires_at: '2026-12-01T00:00:00.000Z' })];
  expect(renderFooter({ html: null, text: '{{ expires_at }}' }, files).text).toBe('2026-12-01T00:00:00.000Z');
});

test.each([
  ['is cut short', '{% for file in files %}'],
  ['names what is not there', '{{ file.filename }}'],
  ['calls what is not there', '{{ files | shout }}'],
  ['would leave names as they are', '{{ files[0].filename | raw }}'],
  ['reads a file', '{% include "/etc/hostname" %}'],
  ['renders a file', '{% render "/etc/hostname" %}'],
  ['renders a file by another way', '{% liquid render "/etc/hostname" %}'],
  ['asks what there is beyond the variables', '{{ files.constructor }}'],
  ['has a layout in a file', '{% layout "/etc/hostname" %}'],
  ['never ends', '{% for a in (1..100000) %}{% for b in (1..100000) %}{{ a }}{% endfor %}{% endfor %}'],
  ['is a list of millions', '{% assign a = (1..99999999) %}'],
  ['makes a mail of its own', `{% for a in (1..1000) %}${'x'.repeat(1_000)}{% endfor %}`],
])('a template that %s is refused', (_, template) => {
  expect(templateProblem('html', template)).toEqual(expect.any(String));
  expect(templateProblem('text', template)).toEqual(expect.any(String));
});

test('templates that say little are taken', () => {
  for (const template of ['', 'See our portal.', '{% if files.size > 1 %}some{% else %}one{% endif %}']) {
    expect(templateProblem('html', template)).toBe(null);
  }
});
