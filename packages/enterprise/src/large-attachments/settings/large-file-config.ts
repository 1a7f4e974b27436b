// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields } from '@mail-proxy/core';
import * as v from 'valibot';
import type { FooterForm } from '../footer/footer.types.ts';
import { MAX_TEMPLATE, templateProblem } from '../footer/footer-template.ts';

/** What becomes of attachments that are larger than the tenant's limit. */
export const ACTIONS = ['warn', 'reject', 'rewrite'] as const;

/** The settings of a tenant, as they are stored and shown. */
export interface LargeFileConfig {
  readonly enabled: boolean;
  /** Of 1,048,576 bytes, also fractions; what has just this size is not large. */
  readonly max_size_mb: number;
  /** Where files are put; null where none are. */
  readonly storage_url: string | null;
  /** What links begin with; null for the instance's, or for those of the storage itself where that has none. */
  readonly public_base_url: string | null;
  /** Days for which a link leads somewhere. */
  readonly file_ttl_days: number;
  /** Days from the first download on, where they end earlier; null for no such end. */
  readonly lifespan_after_download_days: number | null;
  readonly action: (typeof ACTIONS)[number];
  /** LiquidJS templates; null for ours. */
  readonly footer_html: string | null;
  readonly footer_text: string | null;
}

export const DEFAULT_CONFIG: LargeFileConfig = {
  enabled: false,
  max_size_mb: 10,
  storage_url: null,
  public_base_url: null,
  file_ttl_days: 30,
  lifespan_after_download_days: null,
  action: 'warn',
  footer_html: null,
  footer_text: null,
};

const MAX_MB = 100_000;
const MAX_DAYS = 3_650;

const sizeMb = v.pipe(
  v.number(),
  v.minValue(0, `expected a number from 0 to ${MAX_MB}`),
  v.maxValue(MAX_MB, `expected a number from 0 to ${MAX_MB}`),
);

export const baseUrl = v.pipe(
  fields.httpUrl,
  // What URLs may have around and within them would cut a link in two.
  v.check((text) => !/[?#\s\p{Cc}]/u.test(text), 'expected a URL without ?, # and blanks'),
);

const template = (form: FooterForm) =>
  v.pipe(
    v.string(),
    v.maxLength(MAX_TEMPLATE, `expected at most ${MAX_TEMPLATE} characters`),
    v.rawCheck(({ dataset, addIssue }) => {
      const problem = dataset.typed ? templateProblem(form, dataset.value) : null;
      if (problem !== null) addIssue({ message: `expected a LiquidJS template: ${problem}` });
    }),
  );

/** As a field of the tenant: what is absent or null is the default. */
export const largeFileConfig = v.pipe(
  v.strictObject({
    enabled: v.nullish(v.boolean()),
    /** Of 1,048,576 bytes, also fractions. */
    max_size_mb: v.nullish(sizeMb),
    /** Such as s3://bucket/prefix, or name:prefix for a storage of the tenant's. */
    storage_url: v.nullish(v.pipe(fields.line(1_000), v.minLength(1, 'expected at least 1 character'))),
    /** What links begin with. */
    public_base_url: v.nullish(baseUrl),
    file_ttl_days: v.nullish(fields.integer(1, MAX_DAYS)),
    /** A link ends so many days after its first download, unless it ends earlier. */
    lifespan_after_download_days: v.nullish(fields.integer(1, MAX_DAYS)),
    action: v.nullish(v.picklist(ACTIONS)),
    /** LiquidJS templates of what stands in place of the files. */
    footer_html: v.nullish(template('html')),
    footer_text: v.nullish(template('text')),
  }),
  v.forward(
    v.check(
      ({ enabled, action, storage_url }) => enabled !== true || action !== 'rewrite' || typeof storage_url === 'string',
      'expected a storage with action rewrite',
    ),
    ['storage_url'],
  ),
);

export function toConfig(given: v.InferOutput<typeof largeFileConfig>): LargeFileConfig {
  const said = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return { ...DEFAULT_CONFIG, ...Object.fromEntries(said) };
}
