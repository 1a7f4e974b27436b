// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Generated from docs/reference/openapi.enterprise.json: change the operations, then run the script generate.
export interface components {
  schemas: {
    readonly Problem: {
      /** @description urn:mail-proxy:error: and the code */
      readonly type: string;
      readonly title: string;
      readonly status: number;
      /** @description What happened this time */
      readonly detail: string;
      /** @enum {string} */
      readonly code:
        | 'malformed_json'
        | 'malformed_request'
        | 'unauthenticated'
        | 'forbidden'
        | 'not_found'
        | 'method_not_allowed'
        | 'conflict'
        | 'duplicate_id'
        | 'ambiguous_id'
        | 'content_removed'
        | 'in_flight'
        | 'idempotency_key_in_flight'
        | 'in_use'
        | 'gone'
        | 'body_too_large'
        | 'unsupported_media_type'
        | 'invalid_input'
        | 'batch_too_large'
        | 'idempotency_key_reused'
        | 'suppressed'
        | 'not_searchable'
        | 'unknown_account'
        | 'no_default_account'
        | 'enterprise_required'
        | 'unsupported'
        | 'rate_limited'
        | 'quota_exceeded'
        | 'internal'
        | 'database_unavailable'
        | 'overloaded'
        | 'storage_unavailable'
        | 'stopping'
        | 'storage_full'
        | 'invalid_config'
        | 'database_locked'
        | 'schema_too_new'
        | 'import_unfinished'
        | 'target_not_empty'
        | 'archive_damaged'
        | 'address_not_allowed'
        | 'outgoing_failed'
        | 'cached_content_lost'
        | 'lease_lost'
        | 'sealed_with_unknown_key'
        | 'mixin_broken'
        | 'mixin_incompatible'
        | 'mixin_required';
      /** @description The id of the request, as in X-Request-Id */
      readonly instance: string;
      /** @description The fields that failed, each by JSON pointer */
      readonly errors?: readonly {
        readonly pointer: string;
        readonly message: string;
        readonly code?: string;
      }[];
    } & {
      readonly [key: string]: unknown;
    };
  };
  responses: {
    /** @description What went wrong (RFC 9457); decide by code */
    readonly Problem: {
      headers: {
        readonly [name: string]: unknown;
      };
      content: {
        readonly 'application/problem+json': components['schemas']['Problem'];
      };
    };
  };
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export interface operations {
  readonly 'tenants.list': {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly id: string;
              readonly name: string | null;
              readonly client_base_url: string | null;
              readonly client_sync_path: string | null;
              readonly client_attachment_path: string | null;
              readonly client_auth: {
                /** @enum {string} */
                readonly method: 'none' | 'bearer' | 'basic';
              } | null;
              readonly weight: number;
              readonly limit_per_minute: number | null;
              readonly limit_per_hour: number | null;
              readonly limit_per_day: number | null;
              /** @enum {string} */
              readonly limit_unit: 'message' | 'recipient';
              readonly refuse_over_limit: boolean;
              /** @enum {string} */
              readonly on_in_doubt: 'retry' | 'hold' | 'fail';
              readonly retry: {
                /** @enum {string} */
                readonly preset?: 'original';
                readonly base_seconds?: number;
                readonly factor?: number;
                readonly max_delay_seconds?: number;
                readonly max_age_seconds?: number;
                readonly delays_seconds?: readonly number[];
                readonly max_attempts?: number;
              } | null;
              readonly reply_rules: readonly {
                readonly stages?: readonly (
                  | 'connect'
                  | 'greeting'
                  | 'ehlo'
                  | 'starttls'
                  | 'auth'
                  | 'mail'
                  | 'rcpt'
                  | 'data'
                  | 'body'
                  | 'dot'
                  | 'rset'
                  | 'quit'
                )[];
                readonly codes?: readonly number[];
                /** @enum {number} */
                readonly class?: 4 | 5;
                readonly status?: readonly string[];
                /** @enum {string} */
                readonly verdict: 'recipient' | 'message' | 'account' | 'path' | 'policy';
                /** @enum {string} */
                readonly permanence?: 'temporary' | 'permanent';
              }[];
              readonly allow_private_networks: boolean | null;
              readonly allowed_hosts: readonly string[] | null;
              readonly retention: {
                readonly content?: (number | string) | null;
                readonly metadata?: (number | string) | null;
                readonly events?: (number | string) | null;
                readonly audit?: (number | string) | null;
              } | null;
              readonly suppression: {
                readonly hard?: number | null;
                readonly soft?: number | null;
                readonly complaint?: number | null;
                readonly within?: number | string;
                readonly hard_expiry?: (number | string) | null;
                readonly soft_expiry?: (number | string) | null;
                readonly complaint_expiry?: (number | string) | null;
              } | null;
              readonly max_pending: number | null;
              readonly max_bytes: number | null;
              readonly suspended: boolean;
              readonly suspended_at: string | null;
              readonly created_at: string;
              readonly updated_at: string;
              readonly pec: {
                readonly trust_anchors?: string | null;
                readonly unverified_receipts?: ('refuse' | 'report') | null;
                readonly acceptance_timeout_minutes?: number | null;
                readonly delivery_notice_hours?: number | null;
                readonly delivery_timeout_hours?: number | null;
                readonly keep_days?: number | null;
              } | null;
              readonly bounces: {
                readonly return_path_domain?: string | null;
                readonly return_path_prefix?: string | null;
                readonly per_recipient?: boolean | null;
                readonly trust_unsigned_ids?: boolean | null;
              } | null;
              readonly large_file_config: {
                readonly enabled?: boolean | null;
                readonly max_size_mb?: number | null;
                readonly storage_url?: string | null;
                readonly public_base_url?: string | null;
                readonly file_ttl_days?: number | null;
                readonly lifespan_after_download_days?: number | null;
                readonly action?: ('warn' | 'reject' | 'rewrite') | null;
                readonly footer_html?: string | null;
                readonly footer_text?: string | null;
              } | null;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.create': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "id": "acme",
         *       "name": "Acme Ltd",
         *       "client_base_url": "https://acme.example"
         *     }
         */
        readonly 'application/json': {
          readonly id: string;
          readonly name?: string | null;
          readonly client_base_url?: string | null;
          readonly client_sync_path?: string | null;
          readonly client_attachment_path?: string | null;
          readonly client_auth?:
            | (
                | {
                    /** @constant */
                    readonly method: 'none';
                  }
                | {
                    /** @constant */
                    readonly method: 'bearer';
                    readonly token: string;
                  }
                | {
                    /** @constant */
                    readonly method: 'basic';
                    readonly user: string;
                    readonly password: string;
                  }
              )
            | null;
          readonly weight?: number | null;
          readonly limit_per_minute?: number | null;
          readonly limit_per_hour?: number | null;
          readonly limit_per_day?: number | null;
          readonly limit_unit?: ('message' | 'recipient') | null;
          readonly refuse_over_limit?: boolean | null;
          readonly on_in_doubt?: ('retry' | 'hold' | 'fail') | null;
          readonly retry?: {
            /** @enum {string} */
            readonly preset?: 'original';
            readonly base_seconds?: number;
            readonly factor?: number;
            readonly max_delay_seconds?: number;
            readonly max_age_seconds?: number;
            readonly delays_seconds?: readonly number[];
            readonly max_attempts?: number;
          } | null;
          readonly reply_rules?:
            | readonly {
                readonly stages?: readonly (
                  | 'connect'
                  | 'greeting'
                  | 'ehlo'
                  | 'starttls'
                  | 'auth'
                  | 'mail'
                  | 'rcpt'
                  | 'data'
                  | 'body'
                  | 'dot'
                  | 'rset'
                  | 'quit'
                )[];
                readonly codes?: readonly number[];
                /** @enum {number} */
                readonly class?: 4 | 5;
                readonly status?: readonly string[];
                /** @enum {string} */
                readonly verdict: 'recipient' | 'message' | 'account' | 'path' | 'policy';
                /** @enum {string} */
                readonly permanence?: 'temporary' | 'permanent';
              }[]
            | null;
          readonly suppression?: {
            readonly hard?: number | null;
            readonly soft?: number | null;
            readonly complaint?: number | null;
            readonly within?: number | string;
            readonly hard_expiry?: (number | string) | null;
            readonly soft_expiry?: (number | string) | null;
            readonly complaint_expiry?: (number | string) | null;
          } | null;
          readonly allow_private_networks?: boolean | null;
          readonly allowed_hosts?: readonly string[] | null;
          readonly retention?: {
            readonly content?: (number | string) | null;
            readonly metadata?: (number | string) | null;
            readonly events?: (number | string) | null;
            readonly audit?: (number | string) | null;
          } | null;
          readonly max_pending?: number | null;
          readonly max_bytes?: number | null;
          readonly pec?: {
            readonly trust_anchors?: string | null;
            readonly unverified_receipts?: ('refuse' | 'report') | null;
            readonly acceptance_timeout_minutes?: number | null;
            readonly delivery_notice_hours?: number | null;
            readonly delivery_timeout_hours?: number | null;
            readonly keep_days?: number | null;
          } | null;
          readonly bounces?: {
            readonly return_path_domain?: string | null;
            readonly return_path_prefix?: string | null;
            readonly per_recipient?: boolean | null;
            readonly trust_unsigned_ids?: boolean | null;
          } | null;
          readonly large_file_config?: {
            readonly enabled?: boolean | null;
            readonly max_size_mb?: number | null;
            readonly storage_url?: string | null;
            readonly public_base_url?: string | null;
            readonly file_ttl_days?: number | null;
            readonly lifespan_after_download_days?: number | null;
            readonly action?: ('warn' | 'reject' | 'rewrite') | null;
            readonly footer_html?: string | null;
            readonly footer_text?: string | null;
          } | null;
        };
      };
    };
    readonly responses: {
      /** @description Created */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly name: string | null;
            readonly client_base_url: string | null;
            readonly client_sync_path: string | null;
            readonly client_attachment_path: string | null;
            readonly client_auth: {
              /** @enum {string} */
              readonly method: 'none' | 'bearer' | 'basic';
            } | null;
            readonly weight: number;
            readonly limit_per_minute: number | null;
            readonly limit_per_hour: number | null;
            readonly limit_per_day: number | null;
            /** @enum {string} */
            readonly limit_unit: 'message' | 'recipient';
            readonly refuse_over_limit: boolean;
            /** @enum {string} */
            readonly on_in_doubt: 'retry' | 'hold' | 'fail';
            readonly retry: {
              /** @enum {string} */
              readonly preset?: 'original';
              readonly base_seconds?: number;
              readonly factor?: number;
              readonly max_delay_seconds?: number;
              readonly max_age_seconds?: number;
              readonly delays_seconds?: readonly number[];
              readonly max_attempts?: number;
            } | null;
            readonly reply_rules: readonly {
              readonly stages?: readonly (
                | 'connect'
                | 'greeting'
                | 'ehlo'
                | 'starttls'
                | 'auth'
                | 'mail'
                | 'rcpt'
                | 'data'
                | 'body'
                | 'dot'
                | 'rset'
                | 'quit'
              )[];
              readonly codes?: readonly number[];
              /** @enum {number} */
              readonly class?: 4 | 5;
              readonly status?: readonly string[];
              /** @enum {string} */
              readonly verdict: 'recipient' | 'message' | 'account' | 'path' | 'policy';
              /** @enum {string} */
              readonly permanence?: 'temporary' | 'permanent';
            }[];
            readonly allow_private_networks: boolean | null;
            readonly allowed_hosts: readonly string[] | null;
            readonly retention: {
              readonly content?: (number | string) | null;
              readonly metadata?: (number | string) | null;
              readonly events?: (number | string) | null;
              readonly audit?: (number | string) | null;
            } | null;
            readonly suppression: {
              readonly hard?: number | null;
              readonly soft?: number | null;
              readonly complaint?: number | null;
              readonly within?: number | string;
              readonly hard_expiry?: (number | string) | null;
              readonly soft_expiry?: (number | string) | null;
              readonly complaint_expiry?: (number | string) | null;
            } | null;
            readonly max_pending: number | null;
            readonly max_bytes: number | null;
            readonly suspended: boolean;
            readonly suspended_at: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly api_key: string;
            readonly pec: {
              readonly trust_anchors?: string | null;
              readonly unverified_receipts?: ('refuse' | 'report') | null;
              readonly acceptance_timeout_minutes?: number | null;
              readonly delivery_notice_hours?: number | null;
              readonly delivery_timeout_hours?: number | null;
              readonly keep_days?: number | null;
            } | null;
            readonly bounces: {
              readonly return_path_domain?: string | null;
              readonly return_path_prefix?: string | null;
              readonly per_recipient?: boolean | null;
              readonly trust_unsigned_ids?: boolean | null;
            } | null;
            readonly large_file_config: {
              readonly enabled?: boolean | null;
              readonly max_size_mb?: number | null;
              readonly storage_url?: string | null;
              readonly public_base_url?: string | null;
              readonly file_ttl_days?: number | null;
              readonly lifespan_after_download_days?: number | null;
              readonly action?: ('warn' | 'reject' | 'rewrite') | null;
              readonly footer_html?: string | null;
              readonly footer_text?: string | null;
            } | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.get': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly name: string | null;
            readonly client_base_url: string | null;
            readonly client_sync_path: string | null;
            readonly client_attachment_path: string | null;
            readonly client_auth: {
              /** @enum {string} */
              readonly method: 'none' | 'bearer' | 'basic';
            } | null;
            readonly weight: number;
            readonly limit_per_minute: number | null;
            readonly limit_per_hour: number | null;
            readonly limit_per_day: number | null;
            /** @enum {string} */
            readonly limit_unit: 'message' | 'recipient';
            readonly refuse_over_limit: boolean;
            /** @enum {string} */
            readonly on_in_doubt: 'retry' | 'hold' | 'fail';
            readonly retry: {
              /** @enum {string} */
              readonly preset?: 'original';
              readonly base_seconds?: number;
              readonly factor?: number;
              readonly max_delay_seconds?: number;
              readonly max_age_seconds?: number;
              readonly delays_seconds?: readonly number[];
              readonly max_attempts?: number;
            } | null;
            readonly reply_rules: readonly {
              readonly stages?: readonly (
                | 'connect'
                | 'greeting'
                | 'ehlo'
                | 'starttls'
                | 'auth'
                | 'mail'
                | 'rcpt'
                | 'data'
                | 'body'
                | 'dot'
                | 'rset'
                | 'quit'
              )[];
              readonly codes?: readonly number[];
              /** @enum {number} */
              readonly class?: 4 | 5;
              readonly status?: readonly string[];
              /** @enum {string} */
              readonly verdict: 'recipient' | 'message' | 'account' | 'path' | 'policy';
              /** @enum {string} */
              readonly permanence?: 'temporary' | 'permanent';
            }[];
            readonly allow_private_networks: boolean | null;
            readonly allowed_hosts: readonly string[] | null;
            readonly retention: {
              readonly content?: (number | string) | null;
              readonly metadata?: (number | string) | null;
              readonly events?: (number | string) | null;
              readonly audit?: (number | string) | null;
            } | null;
            readonly suppression: {
              readonly hard?: number | null;
              readonly soft?: number | null;
              readonly complaint?: number | null;
              readonly within?: number | string;
              readonly hard_expiry?: (number | string) | null;
              readonly soft_expiry?: (number | string) | null;
              readonly complaint_expiry?: (number | string) | null;
            } | null;
            readonly max_pending: number | null;
            readonly max_bytes: number | null;
            readonly suspended: boolean;
            readonly suspended_at: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly pec: {
              readonly trust_anchors?: string | null;
              readonly unverified_receipts?: ('refuse' | 'report') | null;
              readonly acceptance_timeout_minutes?: number | null;
              readonly delivery_notice_hours?: number | null;
              readonly delivery_timeout_hours?: number | null;
              readonly keep_days?: number | null;
            } | null;
            readonly bounces: {
              readonly return_path_domain?: string | null;
              readonly return_path_prefix?: string | null;
              readonly per_recipient?: boolean | null;
              readonly trust_unsigned_ids?: boolean | null;
            } | null;
            readonly large_file_config: {
              readonly enabled?: boolean | null;
              readonly max_size_mb?: number | null;
              readonly storage_url?: string | null;
              readonly public_base_url?: string | null;
              readonly file_ttl_days?: number | null;
              readonly lifespan_after_download_days?: number | null;
              readonly action?: ('warn' | 'reject' | 'rewrite') | null;
              readonly footer_html?: string | null;
              readonly footer_text?: string | null;
            } | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.delete': {
    readonly parameters: {
      readonly query?: {
        readonly mode?: 'cancel' | 'discard';
      };
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.update': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        /**
         * @example {
         *       "client_sync_path": "/mail-proxy/sync"
         *     }
         */
        readonly 'application/json': {
          readonly name?: string | null;
          readonly client_base_url?: string | null;
          readonly client_sync_path?: string | null;
          readonly client_attachment_path?: string | null;
          readonly client_auth?:
            | (
                | {
                    /** @constant */
                    readonly method: 'none';
                  }
                | {
                    /** @constant */
                    readonly method: 'bearer';
                    readonly token: string;
                  }
                | {
                    /** @constant */
                    readonly method: 'basic';
                    readonly user: string;
                    readonly password: string;
                  }
              )
            | null;
          readonly weight?: number | null;
          readonly limit_per_minute?: number | null;
          readonly limit_per_hour?: number | null;
          readonly limit_per_day?: number | null;
          readonly limit_unit?: ('message' | 'recipient') | null;
          readonly refuse_over_limit?: boolean | null;
          readonly on_in_doubt?: ('retry' | 'hold' | 'fail') | null;
          readonly retry?: {
            /** @enum {string} */
            readonly preset?: 'original';
            readonly base_seconds?: number;
            readonly factor?: number;
            readonly max_delay_seconds?: number;
            readonly max_age_seconds?: number;
            readonly delays_seconds?: readonly number[];
            readonly max_attempts?: number;
          } | null;
          readonly reply_rules?:
            | readonly {
                readonly stages?: readonly (
                  | 'connect'
                  | 'greeting'
                  | 'ehlo'
                  | 'starttls'
                  | 'auth'
                  | 'mail'
                  | 'rcpt'
                  | 'data'
                  | 'body'
                  | 'dot'
                  | 'rset'
                  | 'quit'
                )[];
                readonly codes?: readonly number[];
                /** @enum {number} */
                readonly class?: 4 | 5;
                readonly status?: readonly string[];
                /** @enum {string} */
                readonly verdict: 'recipient' | 'message' | 'account' | 'path' | 'policy';
                /** @enum {string} */
                readonly permanence?: 'temporary' | 'permanent';
              }[]
            | null;
          readonly suppression?: {
            readonly hard?: number | null;
            readonly soft?: number | null;
            readonly complaint?: number | null;
            readonly within?: number | string;
            readonly hard_expiry?: (number | string) | null;
            readonly soft_expiry?: (number | string) | null;
            readonly complaint_expiry?: (number | string) | null;
          } | null;
          readonly allow_private_networks?: boolean | null;
          readonly allowed_hosts?: readonly string[] | null;
          readonly retention?: {
            readonly content?: (number | string) | null;
            readonly metadata?: (number | string) | null;
            readonly events?: (number | string) | null;
            readonly audit?: (number | string) | null;
          } | null;
          readonly max_pending?: number | null;
          readonly max_bytes?: number | null;
          readonly pec?: {
            readonly trust_anchors?: string | null;
            readonly unverified_receipts?: ('refuse' | 'report') | null;
            readonly acceptance_timeout_minutes?: number | null;
            readonly delivery_notice_hours?: number | null;
            readonly delivery_timeout_hours?: number | null;
            readonly keep_days?: number | null;
          } | null;
          readonly bounces?: {
            readonly return_path_domain?: string | null;
            readonly return_path_prefix?: string | null;
            readonly per_recipient?: boolean | null;
            readonly trust_unsigned_ids?: boolean | null;
          } | null;
          readonly large_file_config?: {
            readonly enabled?: boolean | null;
            readonly max_size_mb?: number | null;
            readonly storage_url?: string | null;
            readonly public_base_url?: string | null;
            readonly file_ttl_days?: number | null;
            readonly lifespan_after_download_days?: number | null;
            readonly action?: ('warn' | 'reject' | 'rewrite') | null;
            readonly footer_html?: string | null;
            readonly footer_text?: string | null;
          } | null;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly name: string | null;
            readonly client_base_url: string | null;
            readonly client_sync_path: string | null;
            readonly client_attachment_path: string | null;
            readonly client_auth: {
              /** @enum {string} */
              readonly method: 'none' | 'bearer' | 'basic';
            } | null;
            readonly weight: number;
            readonly limit_per_minute: number | null;
            readonly limit_per_hour: number | null;
            readonly limit_per_day: number | null;
            /** @enum {string} */
            readonly limit_unit: 'message' | 'recipient';
            readonly refuse_over_limit: boolean;
            /** @enum {string} */
            readonly on_in_doubt: 'retry' | 'hold' | 'fail';
            readonly retry: {
              /** @enum {string} */
              readonly preset?: 'original';
              readonly base_seconds?: number;
              readonly factor?: number;
              readonly max_delay_seconds?: number;
              readonly max_age_seconds?: number;
              readonly delays_seconds?: readonly number[];
              readonly max_attempts?: number;
            } | null;
            readonly reply_rules: readonly {
              readonly stages?: readonly (
                | 'connect'
                | 'greeting'
                | 'ehlo'
                | 'starttls'
                | 'auth'
                | 'mail'
                | 'rcpt'
                | 'data'
                | 'body'
                | 'dot'
                | 'rset'
                | 'quit'
              )[];
              readonly codes?: readonly number[];
              /** @enum {number} */
              readonly class?: 4 | 5;
              readonly status?: readonly string[];
              /** @enum {string} */
              readonly verdict: 'recipient' | 'message' | 'account' | 'path' | 'policy';
              /** @enum {string} */
              readonly permanence?: 'temporary' | 'permanent';
            }[];
            readonly allow_private_networks: boolean | null;
            readonly allowed_hosts: readonly string[] | null;
            readonly retention: {
              readonly content?: (number | string) | null;
              readonly metadata?: (number | string) | null;
              readonly events?: (number | string) | null;
              readonly audit?: (number | string) | null;
            } | null;
            readonly suppression: {
              readonly hard?: number | null;
              readonly soft?: number | null;
              readonly complaint?: number | null;
              readonly within?: number | string;
              readonly hard_expiry?: (number | string) | null;
              readonly soft_expiry?: (number | string) | null;
              readonly complaint_expiry?: (number | string) | null;
            } | null;
            readonly max_pending: number | null;
            readonly max_bytes: number | null;
            readonly suspended: boolean;
            readonly suspended_at: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly pec: {
              readonly trust_anchors?: string | null;
              readonly unverified_receipts?: ('refuse' | 'report') | null;
              readonly acceptance_timeout_minutes?: number | null;
              readonly delivery_notice_hours?: number | null;
              readonly delivery_timeout_hours?: number | null;
              readonly keep_days?: number | null;
            } | null;
            readonly bounces: {
              readonly return_path_domain?: string | null;
              readonly return_path_prefix?: string | null;
              readonly per_recipient?: boolean | null;
              readonly trust_unsigned_ids?: boolean | null;
            } | null;
            readonly large_file_config: {
              readonly enabled?: boolean | null;
              readonly max_size_mb?: number | null;
              readonly storage_url?: string | null;
              readonly public_base_url?: string | null;
              readonly file_ttl_days?: number | null;
              readonly lifespan_after_download_days?: number | null;
              readonly action?: ('warn' | 'reject' | 'rewrite') | null;
              readonly footer_html?: string | null;
              readonly footer_text?: string | null;
            } | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.usage': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pending: number;
            readonly bytes: number;
            readonly max_pending: number | null;
            readonly max_bytes: number | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.update-sending': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        /**
         * @example {
         *       "on_in_doubt": "hold"
         *     }
         */
        readonly 'application/json': {
          readonly refuse_over_limit?: boolean | null;
          readonly on_in_doubt?: ('retry' | 'hold' | 'fail') | null;
          readonly retry?: {
            /** @enum {string} */
            readonly preset?: 'original';
            readonly base_seconds?: number;
            readonly factor?: number;
            readonly max_delay_seconds?: number;
            readonly max_age_seconds?: number;
            readonly delays_seconds?: readonly number[];
            readonly max_attempts?: number;
          } | null;
          readonly reply_rules?:
            | readonly {
                readonly stages?: readonly (
                  | 'connect'
                  | 'greeting'
                  | 'ehlo'
                  | 'starttls'
                  | 'auth'
                  | 'mail'
                  | 'rcpt'
                  | 'data'
                  | 'body'
                  | 'dot'
                  | 'rset'
                  | 'quit'
                )[];
                readonly codes?: readonly number[];
                /** @enum {number} */
                readonly class?: 4 | 5;
                readonly status?: readonly string[];
                /** @enum {string} */
                readonly verdict: 'recipient' | 'message' | 'account' | 'path' | 'policy';
                /** @enum {string} */
                readonly permanence?: 'temporary' | 'permanent';
              }[]
            | null;
          readonly suppression?: {
            readonly hard?: number | null;
            readonly soft?: number | null;
            readonly complaint?: number | null;
            readonly within?: number | string;
            readonly hard_expiry?: (number | string) | null;
            readonly soft_expiry?: (number | string) | null;
            readonly complaint_expiry?: (number | string) | null;
          } | null;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly name: string | null;
            readonly client_base_url: string | null;
            readonly client_sync_path: string | null;
            readonly client_attachment_path: string | null;
            readonly client_auth: {
              /** @enum {string} */
              readonly method: 'none' | 'bearer' | 'basic';
            } | null;
            readonly weight: number;
            readonly limit_per_minute: number | null;
            readonly limit_per_hour: number | null;
            readonly limit_per_day: number | null;
            /** @enum {string} */
            readonly limit_unit: 'message' | 'recipient';
            readonly refuse_over_limit: boolean;
            /** @enum {string} */
            readonly on_in_doubt: 'retry' | 'hold' | 'fail';
            readonly retry: {
              /** @enum {string} */
              readonly preset?: 'original';
              readonly base_seconds?: number;
              readonly factor?: number;
              readonly max_delay_seconds?: number;
              readonly max_age_seconds?: number;
              readonly delays_seconds?: readonly number[];
              readonly max_attempts?: number;
            } | null;
            readonly reply_rules: readonly {
              readonly stages?: readonly (
                | 'connect'
                | 'greeting'
                | 'ehlo'
                | 'starttls'
                | 'auth'
                | 'mail'
                | 'rcpt'
                | 'data'
                | 'body'
                | 'dot'
                | 'rset'
                | 'quit'
              )[];
              readonly codes?: readonly number[];
              /** @enum {number} */
              readonly class?: 4 | 5;
              readonly status?: readonly string[];
              /** @enum {string} */
              readonly verdict: 'recipient' | 'message' | 'account' | 'path' | 'policy';
              /** @enum {string} */
              readonly permanence?: 'temporary' | 'permanent';
            }[];
            readonly allow_private_networks: boolean | null;
            readonly allowed_hosts: readonly string[] | null;
            readonly retention: {
              readonly content?: (number | string) | null;
              readonly metadata?: (number | string) | null;
              readonly events?: (number | string) | null;
              readonly audit?: (number | string) | null;
            } | null;
            readonly suppression: {
              readonly hard?: number | null;
              readonly soft?: number | null;
              readonly complaint?: number | null;
              readonly within?: number | string;
              readonly hard_expiry?: (number | string) | null;
              readonly soft_expiry?: (number | string) | null;
              readonly complaint_expiry?: (number | string) | null;
            } | null;
            readonly max_pending: number | null;
            readonly max_bytes: number | null;
            readonly suspended: boolean;
            readonly suspended_at: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly pec: {
              readonly trust_anchors?: string | null;
              readonly unverified_receipts?: ('refuse' | 'report') | null;
              readonly acceptance_timeout_minutes?: number | null;
              readonly delivery_notice_hours?: number | null;
              readonly delivery_timeout_hours?: number | null;
              readonly keep_days?: number | null;
            } | null;
            readonly bounces: {
              readonly return_path_domain?: string | null;
              readonly return_path_prefix?: string | null;
              readonly per_recipient?: boolean | null;
              readonly trust_unsigned_ids?: boolean | null;
            } | null;
            readonly large_file_config: {
              readonly enabled?: boolean | null;
              readonly max_size_mb?: number | null;
              readonly storage_url?: string | null;
              readonly public_base_url?: string | null;
              readonly file_ttl_days?: number | null;
              readonly lifespan_after_download_days?: number | null;
              readonly action?: ('warn' | 'reject' | 'rewrite') | null;
              readonly footer_html?: string | null;
              readonly footer_text?: string | null;
            } | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.suspend': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          /** @default false */
          readonly dry_run?: boolean;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly name: string | null;
            readonly client_base_url: string | null;
            readonly client_sync_path: string | null;
            readonly client_attachment_path: string | null;
            readonly client_auth: {
              /** @enum {string} */
              readonly method: 'none' | 'bearer' | 'basic';
            } | null;
            readonly weight: number;
            readonly limit_per_minute: number | null;
            readonly limit_per_hour: number | null;
            readonly limit_per_day: number | null;
            /** @enum {string} */
            readonly limit_unit: 'message' | 'recipient';
            readonly refuse_over_limit: boolean;
            /** @enum {string} */
            readonly on_in_doubt: 'retry' | 'hold' | 'fail';
            readonly retry: {
              /** @enum {string} */
              readonly preset?: 'original';
              readonly base_seconds?: number;
              readonly factor?: number;
              readonly max_delay_seconds?: number;
              readonly max_age_seconds?: number;
              readonly delays_seconds?: readonly number[];
              readonly max_attempts?: number;
            } | null;
            readonly reply_rules: readonly {
              readonly stages?: readonly (
                | 'connect'
                | 'greeting'
                | 'ehlo'
                | 'starttls'
                | 'auth'
                | 'mail'
                | 'rcpt'
                | 'data'
                | 'body'
                | 'dot'
                | 'rset'
                | 'quit'
              )[];
              readonly codes?: readonly number[];
              /** @enum {number} */
              readonly class?: 4 | 5;
              readonly status?: readonly string[];
              /** @enum {string} */
              readonly verdict: 'recipient' | 'message' | 'account' | 'path' | 'policy';
              /** @enum {string} */
              readonly permanence?: 'temporary' | 'permanent';
            }[];
            readonly allow_private_networks: boolean | null;
            readonly allowed_hosts: readonly string[] | null;
            readonly retention: {
              readonly content?: (number | string) | null;
              readonly metadata?: (number | string) | null;
              readonly events?: (number | string) | null;
              readonly audit?: (number | string) | null;
            } | null;
            readonly suppression: {
              readonly hard?: number | null;
              readonly soft?: number | null;
              readonly complaint?: number | null;
              readonly within?: number | string;
              readonly hard_expiry?: (number | string) | null;
              readonly soft_expiry?: (number | string) | null;
              readonly complaint_expiry?: (number | string) | null;
            } | null;
            readonly max_pending: number | null;
            readonly max_bytes: number | null;
            readonly suspended: boolean;
            readonly suspended_at: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly waiting?: number;
            readonly pec: {
              readonly trust_anchors?: string | null;
              readonly unverified_receipts?: ('refuse' | 'report') | null;
              readonly acceptance_timeout_minutes?: number | null;
              readonly delivery_notice_hours?: number | null;
              readonly delivery_timeout_hours?: number | null;
              readonly keep_days?: number | null;
            } | null;
            readonly bounces: {
              readonly return_path_domain?: string | null;
              readonly return_path_prefix?: string | null;
              readonly per_recipient?: boolean | null;
              readonly trust_unsigned_ids?: boolean | null;
            } | null;
            readonly large_file_config: {
              readonly enabled?: boolean | null;
              readonly max_size_mb?: number | null;
              readonly storage_url?: string | null;
              readonly public_base_url?: string | null;
              readonly file_ttl_days?: number | null;
              readonly lifespan_after_download_days?: number | null;
              readonly action?: ('warn' | 'reject' | 'rewrite') | null;
              readonly footer_html?: string | null;
              readonly footer_text?: string | null;
            } | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.activate': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly name: string | null;
            readonly client_base_url: string | null;
            readonly client_sync_path: string | null;
            readonly client_attachment_path: string | null;
            readonly client_auth: {
              /** @enum {string} */
              readonly method: 'none' | 'bearer' | 'basic';
            } | null;
            readonly weight: number;
            readonly limit_per_minute: number | null;
            readonly limit_per_hour: number | null;
            readonly limit_per_day: number | null;
            /** @enum {string} */
            readonly limit_unit: 'message' | 'recipient';
            readonly refuse_over_limit: boolean;
            /** @enum {string} */
            readonly on_in_doubt: 'retry' | 'hold' | 'fail';
            readonly retry: {
              /** @enum {string} */
              readonly preset?: 'original';
              readonly base_seconds?: number;
              readonly factor?: number;
              readonly max_delay_seconds?: number;
              readonly max_age_seconds?: number;
              readonly delays_seconds?: readonly number[];
              readonly max_attempts?: number;
            } | null;
            readonly reply_rules: readonly {
              readonly stages?: readonly (
                | 'connect'
                | 'greeting'
                | 'ehlo'
                | 'starttls'
                | 'auth'
                | 'mail'
                | 'rcpt'
                | 'data'
                | 'body'
                | 'dot'
                | 'rset'
                | 'quit'
              )[];
              readonly codes?: readonly number[];
              /** @enum {number} */
              readonly class?: 4 | 5;
              readonly status?: readonly string[];
              /** @enum {string} */
              readonly verdict: 'recipient' | 'message' | 'account' | 'path' | 'policy';
              /** @enum {string} */
              readonly permanence?: 'temporary' | 'permanent';
            }[];
            readonly allow_private_networks: boolean | null;
            readonly allowed_hosts: readonly string[] | null;
            readonly retention: {
              readonly content?: (number | string) | null;
              readonly metadata?: (number | string) | null;
              readonly events?: (number | string) | null;
              readonly audit?: (number | string) | null;
            } | null;
            readonly suppression: {
              readonly hard?: number | null;
              readonly soft?: number | null;
              readonly complaint?: number | null;
              readonly within?: number | string;
              readonly hard_expiry?: (number | string) | null;
              readonly soft_expiry?: (number | string) | null;
              readonly complaint_expiry?: (number | string) | null;
            } | null;
            readonly max_pending: number | null;
            readonly max_bytes: number | null;
            readonly suspended: boolean;
            readonly suspended_at: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly pec: {
              readonly trust_anchors?: string | null;
              readonly unverified_receipts?: ('refuse' | 'report') | null;
              readonly acceptance_timeout_minutes?: number | null;
              readonly delivery_notice_hours?: number | null;
              readonly delivery_timeout_hours?: number | null;
              readonly keep_days?: number | null;
            } | null;
            readonly bounces: {
              readonly return_path_domain?: string | null;
              readonly return_path_prefix?: string | null;
              readonly per_recipient?: boolean | null;
              readonly trust_unsigned_ids?: boolean | null;
            } | null;
            readonly large_file_config: {
              readonly enabled?: boolean | null;
              readonly max_size_mb?: number | null;
              readonly storage_url?: string | null;
              readonly public_base_url?: string | null;
              readonly file_ttl_days?: number | null;
              readonly lifespan_after_download_days?: number | null;
              readonly action?: ('warn' | 'reject' | 'rewrite') | null;
              readonly footer_html?: string | null;
              readonly footer_text?: string | null;
            } | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'api-keys.list': {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly id: string;
              readonly label: string;
              readonly ip_ranges: readonly string[] | null;
              readonly rate_per_minute: number | null;
              readonly created_at: string;
              readonly expires_at: string | null;
              readonly revoked_at: string | null;
              readonly last_used_at: string | null;
              readonly tenant_id: string | null;
              /** @enum {string} */
              readonly mode: 'live' | 'test';
              readonly scopes:
                | readonly (
                    | 'messages:send'
                    | 'messages:read'
                    | 'messages:content'
                    | 'messages:manage'
                    | 'accounts:read'
                    | 'accounts:write'
                    | 'storages:read'
                    | 'storages:write'
                    | 'dkim-keys:read'
                    | 'dkim-keys:write'
                    | 'bounces:read'
                    | 'bounces:write'
                    | 'pec:read'
                    | 'pec:write'
                    | 'mailboxes:read'
                    | 'mailboxes:write'
                    | 'suppressions:read'
                    | 'suppressions:write'
                    | 'events:read'
                    | 'events:write'
                    | 'tenant:read'
                    | 'tenant:write'
                    | 'keys:read'
                    | 'keys:write'
                    | 'audit:read'
                    | 'messages:*'
                    | 'accounts:*'
                    | 'storages:*'
                    | 'dkim-keys:*'
                    | 'bounces:*'
                    | 'pec:*'
                    | 'mailboxes:*'
                    | 'suppressions:*'
                    | 'events:*'
                    | 'tenant:*'
                    | 'keys:*'
                    | 'audit:*'
                    | 'admin'
                  )[]
                | null;
              readonly senders: readonly string[] | null;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'api-keys.create': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        /**
         * @example {
         *       "label": "web shop",
         *       "scopes": [
         *         "messages:send",
         *         "messages:read"
         *       ]
         *     }
         */
        readonly 'application/json': {
          /**
           * @default live
           * @enum {string}
           */
          readonly mode?: 'live' | 'test';
          readonly label?: string | null;
          readonly expires_at?: string | null;
          readonly ip_ranges?: readonly string[] | null;
          readonly rate_per_minute?: number | null;
          readonly scopes?:
            | readonly (
                | 'messages:send'
                | 'messages:read'
                | 'messages:content'
                | 'messages:manage'
                | 'accounts:read'
                | 'accounts:write'
                | 'storages:read'
                | 'storages:write'
                | 'dkim-keys:read'
                | 'dkim-keys:write'
                | 'bounces:read'
                | 'bounces:write'
                | 'pec:read'
                | 'pec:write'
                | 'mailboxes:read'
                | 'mailboxes:write'
                | 'suppressions:read'
                | 'suppressions:write'
                | 'events:read'
                | 'events:write'
                | 'tenant:read'
                | 'tenant:write'
                | 'keys:read'
                | 'keys:write'
                | 'audit:read'
                | 'messages:*'
                | 'accounts:*'
                | 'storages:*'
                | 'dkim-keys:*'
                | 'bounces:*'
                | 'pec:*'
                | 'mailboxes:*'
                | 'suppressions:*'
                | 'events:*'
                | 'tenant:*'
                | 'keys:*'
                | 'audit:*'
                | 'admin'
              )[]
            | null;
          readonly senders?: readonly string[] | null;
        };
      };
    };
    readonly responses: {
      /** @description Created */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly label: string;
            readonly ip_ranges: readonly string[] | null;
            readonly rate_per_minute: number | null;
            readonly created_at: string;
            readonly expires_at: string | null;
            readonly revoked_at: string | null;
            readonly last_used_at: string | null;
            readonly tenant_id: string | null;
            /** @enum {string} */
            readonly mode: 'live' | 'test';
            readonly scopes:
              | readonly (
                  | 'messages:send'
                  | 'messages:read'
                  | 'messages:content'
                  | 'messages:manage'
                  | 'accounts:read'
                  | 'accounts:write'
                  | 'storages:read'
                  | 'storages:write'
                  | 'dkim-keys:read'
                  | 'dkim-keys:write'
                  | 'bounces:read'
                  | 'bounces:write'
                  | 'pec:read'
                  | 'pec:write'
                  | 'mailboxes:read'
                  | 'mailboxes:write'
                  | 'suppressions:read'
                  | 'suppressions:write'
                  | 'events:read'
                  | 'events:write'
                  | 'tenant:read'
                  | 'tenant:write'
                  | 'keys:read'
                  | 'keys:write'
                  | 'audit:read'
                  | 'messages:*'
                  | 'accounts:*'
                  | 'storages:*'
                  | 'dkim-keys:*'
                  | 'bounces:*'
                  | 'pec:*'
                  | 'mailboxes:*'
                  | 'suppressions:*'
                  | 'events:*'
                  | 'tenant:*'
                  | 'keys:*'
                  | 'audit:*'
                  | 'admin'
                )[]
              | null;
            readonly senders: readonly string[] | null;
            readonly api_key: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'api-keys.get': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
        /** @example 0197a2b45c6d7e8f9a0b1c2d3e4f5a6b */
        readonly key_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly label: string;
            readonly ip_ranges: readonly string[] | null;
            readonly rate_per_minute: number | null;
            readonly created_at: string;
            readonly expires_at: string | null;
            readonly revoked_at: string | null;
            readonly last_used_at: string | null;
            readonly tenant_id: string | null;
            /** @enum {string} */
            readonly mode: 'live' | 'test';
            readonly scopes:
              | readonly (
                  | 'messages:send'
                  | 'messages:read'
                  | 'messages:content'
                  | 'messages:manage'
                  | 'accounts:read'
                  | 'accounts:write'
                  | 'storages:read'
                  | 'storages:write'
                  | 'dkim-keys:read'
                  | 'dkim-keys:write'
                  | 'bounces:read'
                  | 'bounces:write'
                  | 'pec:read'
                  | 'pec:write'
                  | 'mailboxes:read'
                  | 'mailboxes:write'
                  | 'suppressions:read'
                  | 'suppressions:write'
                  | 'events:read'
                  | 'events:write'
                  | 'tenant:read'
                  | 'tenant:write'
                  | 'keys:read'
                  | 'keys:write'
                  | 'audit:read'
                  | 'messages:*'
                  | 'accounts:*'
                  | 'storages:*'
                  | 'dkim-keys:*'
                  | 'bounces:*'
                  | 'pec:*'
                  | 'mailboxes:*'
                  | 'suppressions:*'
                  | 'events:*'
                  | 'tenant:*'
                  | 'keys:*'
                  | 'audit:*'
                  | 'admin'
                )[]
              | null;
            readonly senders: readonly string[] | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'api-keys.revoke': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
        /** @example 0197a2b45c6d7e8f9a0b1c2d3e4f5a6b */
        readonly key_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'api-keys.update': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
        /** @example 0197a2b45c6d7e8f9a0b1c2d3e4f5a6b */
        readonly key_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        /**
         * @example {
         *       "senders": [
         *         "shop.example"
         *       ]
         *     }
         */
        readonly 'application/json': {
          readonly label?: string | null;
          readonly expires_at?: string | null;
          readonly ip_ranges?: readonly string[] | null;
          readonly rate_per_minute?: number | null;
          readonly scopes?:
            | readonly (
                | 'messages:send'
                | 'messages:read'
                | 'messages:content'
                | 'messages:manage'
                | 'accounts:read'
                | 'accounts:write'
                | 'storages:read'
                | 'storages:write'
                | 'dkim-keys:read'
                | 'dkim-keys:write'
                | 'bounces:read'
                | 'bounces:write'
                | 'pec:read'
                | 'pec:write'
                | 'mailboxes:read'
                | 'mailboxes:write'
                | 'suppressions:read'
                | 'suppressions:write'
                | 'events:read'
                | 'events:write'
                | 'tenant:read'
                | 'tenant:write'
                | 'keys:read'
                | 'keys:write'
                | 'audit:read'
                | 'messages:*'
                | 'accounts:*'
                | 'storages:*'
                | 'dkim-keys:*'
                | 'bounces:*'
                | 'pec:*'
                | 'mailboxes:*'
                | 'suppressions:*'
                | 'events:*'
                | 'tenant:*'
                | 'keys:*'
                | 'audit:*'
                | 'admin'
              )[]
            | null;
          readonly senders?: readonly string[] | null;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly label: string;
            readonly ip_ranges: readonly string[] | null;
            readonly rate_per_minute: number | null;
            readonly created_at: string;
            readonly expires_at: string | null;
            readonly revoked_at: string | null;
            readonly last_used_at: string | null;
            readonly tenant_id: string | null;
            /** @enum {string} */
            readonly mode: 'live' | 'test';
            readonly scopes:
              | readonly (
                  | 'messages:send'
                  | 'messages:read'
                  | 'messages:content'
                  | 'messages:manage'
                  | 'accounts:read'
                  | 'accounts:write'
                  | 'storages:read'
                  | 'storages:write'
                  | 'dkim-keys:read'
                  | 'dkim-keys:write'
                  | 'bounces:read'
                  | 'bounces:write'
                  | 'pec:read'
                  | 'pec:write'
                  | 'mailboxes:read'
                  | 'mailboxes:write'
                  | 'suppressions:read'
                  | 'suppressions:write'
                  | 'events:read'
                  | 'events:write'
                  | 'tenant:read'
                  | 'tenant:write'
                  | 'keys:read'
                  | 'keys:write'
                  | 'audit:read'
                  | 'messages:*'
                  | 'accounts:*'
                  | 'storages:*'
                  | 'dkim-keys:*'
                  | 'bounces:*'
                  | 'pec:*'
                  | 'mailboxes:*'
                  | 'suppressions:*'
                  | 'events:*'
                  | 'tenant:*'
                  | 'keys:*'
                  | 'audit:*'
                  | 'admin'
                )[]
              | null;
            readonly senders: readonly string[] | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'api-keys.rotate': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example acme */
        readonly tenant_id: string;
        /** @example 0197a2b45c6d7e8f9a0b1c2d3e4f5a6b */
        readonly key_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        /**
         * @example {
         *       "overlap_seconds": 3600
         *     }
         */
        readonly 'application/json': {
          /** @default 86400 */
          readonly overlap_seconds?: number;
        };
      };
    };
    readonly responses: {
      /** @description Created */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly label: string;
            readonly ip_ranges: readonly string[] | null;
            readonly rate_per_minute: number | null;
            readonly created_at: string;
            readonly expires_at: string | null;
            readonly revoked_at: string | null;
            readonly last_used_at: string | null;
            readonly tenant_id: string | null;
            /** @enum {string} */
            readonly mode: 'live' | 'test';
            readonly scopes:
              | readonly (
                  | 'messages:send'
                  | 'messages:read'
                  | 'messages:content'
                  | 'messages:manage'
                  | 'accounts:read'
                  | 'accounts:write'
                  | 'storages:read'
                  | 'storages:write'
                  | 'dkim-keys:read'
                  | 'dkim-keys:write'
                  | 'bounces:read'
                  | 'bounces:write'
                  | 'pec:read'
                  | 'pec:write'
                  | 'mailboxes:read'
                  | 'mailboxes:write'
                  | 'suppressions:read'
                  | 'suppressions:write'
                  | 'events:read'
                  | 'events:write'
                  | 'tenant:read'
                  | 'tenant:write'
                  | 'keys:read'
                  | 'keys:write'
                  | 'audit:read'
                  | 'messages:*'
                  | 'accounts:*'
                  | 'storages:*'
                  | 'dkim-keys:*'
                  | 'bounces:*'
                  | 'pec:*'
                  | 'mailboxes:*'
                  | 'suppressions:*'
                  | 'events:*'
                  | 'tenant:*'
                  | 'keys:*'
                  | 'audit:*'
                  | 'admin'
                )[]
              | null;
            readonly senders: readonly string[] | null;
            readonly api_key: string;
            readonly replaces: {
              readonly id: string;
              readonly label: string;
              readonly ip_ranges: readonly string[] | null;
              readonly rate_per_minute: number | null;
              readonly created_at: string;
              readonly expires_at: string | null;
              readonly revoked_at: string | null;
              readonly last_used_at: string | null;
              readonly tenant_id: string | null;
              /** @enum {string} */
              readonly mode: 'live' | 'test';
              readonly scopes:
                | readonly (
                    | 'messages:send'
                    | 'messages:read'
                    | 'messages:content'
                    | 'messages:manage'
                    | 'accounts:read'
                    | 'accounts:write'
                    | 'storages:read'
                    | 'storages:write'
                    | 'dkim-keys:read'
                    | 'dkim-keys:write'
                    | 'bounces:read'
                    | 'bounces:write'
                    | 'pec:read'
                    | 'pec:write'
                    | 'mailboxes:read'
                    | 'mailboxes:write'
                    | 'suppressions:read'
                    | 'suppressions:write'
                    | 'events:read'
                    | 'events:write'
                    | 'tenant:read'
                    | 'tenant:write'
                    | 'keys:read'
                    | 'keys:write'
                    | 'audit:read'
                    | 'messages:*'
                    | 'accounts:*'
                    | 'storages:*'
                    | 'dkim-keys:*'
                    | 'bounces:*'
                    | 'pec:*'
                    | 'mailboxes:*'
                    | 'suppressions:*'
                    | 'events:*'
                    | 'tenant:*'
                    | 'keys:*'
                    | 'audit:*'
                    | 'admin'
                  )[]
                | null;
              readonly senders: readonly string[] | null;
            };
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'accounts.list': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly pk: string;
              readonly id: string;
              readonly tenant_id: string;
              /** @enum {string} */
              readonly type: 'smtp' | 'sandbox';
              readonly host: string;
              readonly port: number;
              readonly user: string | null;
              readonly has_password: boolean;
              /** @enum {string} */
              readonly auth_method: 'auto' | 'plain' | 'login' | 'cram-md5' | 'xoauth2';
              readonly has_oauth: boolean;
              /** @enum {string} */
              readonly tls: 'none' | 'opportunistic' | 'starttls' | 'implicit';
              readonly tls_servername: string | null;
              readonly tls_ca: string | null;
              readonly tls_insecure: boolean;
              readonly tls_min_version: ('TLSv1.2' | 'TLSv1.3') | null;
              readonly tls_client_cert: string | null;
              readonly has_tls_client_key: boolean;
              readonly ehlo_name: string | null;
              readonly is_default: boolean;
              readonly max_connections: number;
              readonly max_messages_per_connection: number;
              readonly weight: number;
              readonly limit_per_minute: number | null;
              readonly limit_per_hour: number | null;
              readonly limit_per_day: number | null;
              /** @enum {string} */
              readonly limit_unit: 'message' | 'recipient';
              /** @enum {string} */
              readonly limit_behavior: 'defer' | 'reject';
              readonly retry: {
                /** @enum {string} */
                readonly preset?: 'original';
                readonly base_seconds?: number;
                readonly factor?: number;
                readonly max_delay_seconds?: number;
                readonly max_age_seconds?: number;
                readonly delays_seconds?: readonly number[];
                readonly max_attempts?: number;
              } | null;
              readonly pause_kind: ('failures' | 'manual') | null;
              readonly paused_until: string | null;
              readonly pause_reason: {
                readonly stage: string;
                readonly code: number | null;
                readonly enhanced: string | null;
                readonly reply: string;
              } | null;
              readonly pause_failures: number;
              readonly created_at: string;
              readonly updated_at: string;
              readonly pec: boolean | null;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'accounts.create': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "id": "main",
         *       "host": "smtp.example.net",
         *       "port": 587,
         *       "user": "orders@shop.example",
         *       "password": "a-long-password"
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly id: string;
          /**
           * @default smtp
           * @enum {string}
           */
          readonly type?: 'smtp' | 'sandbox';
          readonly host?: string;
          readonly port?: number;
          readonly user?: string | null;
          readonly password?: string | null;
          readonly auth_method?: ('auto' | 'plain' | 'login' | 'cram-md5' | 'xoauth2') | null;
          readonly oauth?: {
            readonly access_token?: string;
            readonly token_url?: string;
            readonly client_id?: string;
            readonly client_secret?: string;
            readonly refresh_token?: string;
            readonly scope?: string;
          } | null;
          readonly tls?: ('none' | 'opportunistic' | 'starttls' | 'implicit') | null;
          readonly tls_servername?: string | null;
          readonly tls_ca?: string | null;
          readonly tls_insecure?: boolean;
          readonly tls_min_version?: ('TLSv1.2' | 'TLSv1.3') | null;
          readonly tls_client_cert?: string | null;
          readonly tls_client_key?: string | null;
          readonly ehlo_name?: string | null;
          readonly is_default?: boolean;
          readonly max_connections?: number | null;
          readonly max_messages_per_connection?: number | null;
          readonly weight?: number | null;
          readonly limit_per_minute?: number | null;
          readonly limit_per_hour?: number | null;
          readonly limit_per_day?: number | null;
          readonly limit_unit?: ('message' | 'recipient') | null;
          readonly limit_behavior?: ('defer' | 'reject') | null;
          readonly retry?: {
            /** @enum {string} */
            readonly preset?: 'original';
            readonly base_seconds?: number;
            readonly factor?: number;
            readonly max_delay_seconds?: number;
            readonly max_age_seconds?: number;
            readonly delays_seconds?: readonly number[];
            readonly max_attempts?: number;
          } | null;
          readonly pec?: boolean | null;
        };
      };
    };
    readonly responses: {
      /** @description Created */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            /** @enum {string} */
            readonly type: 'smtp' | 'sandbox';
            readonly host: string;
            readonly port: number;
            readonly user: string | null;
            readonly has_password: boolean;
            /** @enum {string} */
            readonly auth_method: 'auto' | 'plain' | 'login' | 'cram-md5' | 'xoauth2';
            readonly has_oauth: boolean;
            /** @enum {string} */
            readonly tls: 'none' | 'opportunistic' | 'starttls' | 'implicit';
            readonly tls_servername: string | null;
            readonly tls_ca: string | null;
            readonly tls_insecure: boolean;
            readonly tls_min_version: ('TLSv1.2' | 'TLSv1.3') | null;
            readonly tls_client_cert: string | null;
            readonly has_tls_client_key: boolean;
            readonly ehlo_name: string | null;
            readonly is_default: boolean;
            readonly max_connections: number;
            readonly max_messages_per_connection: number;
            readonly weight: number;
            readonly limit_per_minute: number | null;
            readonly limit_per_hour: number | null;
            readonly limit_per_day: number | null;
            /** @enum {string} */
            readonly limit_unit: 'message' | 'recipient';
            /** @enum {string} */
            readonly limit_behavior: 'defer' | 'reject';
            readonly retry: {
              /** @enum {string} */
              readonly preset?: 'original';
              readonly base_seconds?: number;
              readonly factor?: number;
              readonly max_delay_seconds?: number;
              readonly max_age_seconds?: number;
              readonly delays_seconds?: readonly number[];
              readonly max_attempts?: number;
            } | null;
            readonly pause_kind: ('failures' | 'manual') | null;
            readonly paused_until: string | null;
            readonly pause_reason: {
              readonly stage: string;
              readonly code: number | null;
              readonly enhanced: string | null;
              readonly reply: string;
            } | null;
            readonly pause_failures: number;
            readonly created_at: string;
            readonly updated_at: string;
            readonly pec: boolean | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'accounts.get': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example main */
        readonly account_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            /** @enum {string} */
            readonly type: 'smtp' | 'sandbox';
            readonly host: string;
            readonly port: number;
            readonly user: string | null;
            readonly has_password: boolean;
            /** @enum {string} */
            readonly auth_method: 'auto' | 'plain' | 'login' | 'cram-md5' | 'xoauth2';
            readonly has_oauth: boolean;
            /** @enum {string} */
            readonly tls: 'none' | 'opportunistic' | 'starttls' | 'implicit';
            readonly tls_servername: string | null;
            readonly tls_ca: string | null;
            readonly tls_insecure: boolean;
            readonly tls_min_version: ('TLSv1.2' | 'TLSv1.3') | null;
            readonly tls_client_cert: string | null;
            readonly has_tls_client_key: boolean;
            readonly ehlo_name: string | null;
            readonly is_default: boolean;
            readonly max_connections: number;
            readonly max_messages_per_connection: number;
            readonly weight: number;
            readonly limit_per_minute: number | null;
            readonly limit_per_hour: number | null;
            readonly limit_per_day: number | null;
            /** @enum {string} */
            readonly limit_unit: 'message' | 'recipient';
            /** @enum {string} */
            readonly limit_behavior: 'defer' | 'reject';
            readonly retry: {
              /** @enum {string} */
              readonly preset?: 'original';
              readonly base_seconds?: number;
              readonly factor?: number;
              readonly max_delay_seconds?: number;
              readonly max_age_seconds?: number;
              readonly delays_seconds?: readonly number[];
              readonly max_attempts?: number;
            } | null;
            readonly pause_kind: ('failures' | 'manual') | null;
            readonly paused_until: string | null;
            readonly pause_reason: {
              readonly stage: string;
              readonly code: number | null;
              readonly enhanced: string | null;
              readonly reply: string;
            } | null;
            readonly pause_failures: number;
            readonly created_at: string;
            readonly updated_at: string;
            readonly pec: boolean | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'accounts.delete': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly mode?: 'cancel' | 'discard';
      };
      readonly header?: never;
      readonly path: {
        /** @example main */
        readonly account_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'accounts.update': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example main */
        readonly account_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        /**
         * @example {
         *       "limit_per_minute": 100,
         *       "limit_per_day": 20000
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly host?: string;
          readonly port?: number;
          readonly user?: string | null;
          readonly password?: string | null;
          readonly auth_method?: ('auto' | 'plain' | 'login' | 'cram-md5' | 'xoauth2') | null;
          readonly oauth?: {
            readonly access_token?: string;
            readonly token_url?: string;
            readonly client_id?: string;
            readonly client_secret?: string;
            readonly refresh_token?: string;
            readonly scope?: string;
          } | null;
          readonly tls?: ('none' | 'opportunistic' | 'starttls' | 'implicit') | null;
          readonly tls_servername?: string | null;
          readonly tls_ca?: string | null;
          readonly tls_insecure?: boolean;
          readonly tls_min_version?: ('TLSv1.2' | 'TLSv1.3') | null;
          readonly tls_client_cert?: string | null;
          readonly tls_client_key?: string | null;
          readonly ehlo_name?: string | null;
          readonly is_default?: boolean;
          readonly max_connections?: number | null;
          readonly max_messages_per_connection?: number | null;
          readonly weight?: number | null;
          readonly limit_per_minute?: number | null;
          readonly limit_per_hour?: number | null;
          readonly limit_per_day?: number | null;
          readonly limit_unit?: ('message' | 'recipient') | null;
          readonly limit_behavior?: ('defer' | 'reject') | null;
          readonly retry?: {
            /** @enum {string} */
            readonly preset?: 'original';
            readonly base_seconds?: number;
            readonly factor?: number;
            readonly max_delay_seconds?: number;
            readonly max_age_seconds?: number;
            readonly delays_seconds?: readonly number[];
            readonly max_attempts?: number;
          } | null;
          readonly pec?: boolean | null;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            /** @enum {string} */
            readonly type: 'smtp' | 'sandbox';
            readonly host: string;
            readonly port: number;
            readonly user: string | null;
            readonly has_password: boolean;
            /** @enum {string} */
            readonly auth_method: 'auto' | 'plain' | 'login' | 'cram-md5' | 'xoauth2';
            readonly has_oauth: boolean;
            /** @enum {string} */
            readonly tls: 'none' | 'opportunistic' | 'starttls' | 'implicit';
            readonly tls_servername: string | null;
            readonly tls_ca: string | null;
            readonly tls_insecure: boolean;
            readonly tls_min_version: ('TLSv1.2' | 'TLSv1.3') | null;
            readonly tls_client_cert: string | null;
            readonly has_tls_client_key: boolean;
            readonly ehlo_name: string | null;
            readonly is_default: boolean;
            readonly max_connections: number;
            readonly max_messages_per_connection: number;
            readonly weight: number;
            readonly limit_per_minute: number | null;
            readonly limit_per_hour: number | null;
            readonly limit_per_day: number | null;
            /** @enum {string} */
            readonly limit_unit: 'message' | 'recipient';
            /** @enum {string} */
            readonly limit_behavior: 'defer' | 'reject';
            readonly retry: {
              /** @enum {string} */
              readonly preset?: 'original';
              readonly base_seconds?: number;
              readonly factor?: number;
              readonly max_delay_seconds?: number;
              readonly max_age_seconds?: number;
              readonly delays_seconds?: readonly number[];
              readonly max_attempts?: number;
            } | null;
            readonly pause_kind: ('failures' | 'manual') | null;
            readonly paused_until: string | null;
            readonly pause_reason: {
              readonly stage: string;
              readonly code: number | null;
              readonly enhanced: string | null;
              readonly reply: string;
            } | null;
            readonly pause_failures: number;
            readonly created_at: string;
            readonly updated_at: string;
            readonly pec: boolean | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'accounts.pause': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example main */
        readonly account_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        /**
         * @example {
         *       "until": "2030-01-31T09:00:00Z",
         *       "reason": "the provider moves"
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly until?: string;
          readonly reason?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            /** @enum {string} */
            readonly type: 'smtp' | 'sandbox';
            readonly host: string;
            readonly port: number;
            readonly user: string | null;
            readonly has_password: boolean;
            /** @enum {string} */
            readonly auth_method: 'auto' | 'plain' | 'login' | 'cram-md5' | 'xoauth2';
            readonly has_oauth: boolean;
            /** @enum {string} */
            readonly tls: 'none' | 'opportunistic' | 'starttls' | 'implicit';
            readonly tls_servername: string | null;
            readonly tls_ca: string | null;
            readonly tls_insecure: boolean;
            readonly tls_min_version: ('TLSv1.2' | 'TLSv1.3') | null;
            readonly tls_client_cert: string | null;
            readonly has_tls_client_key: boolean;
            readonly ehlo_name: string | null;
            readonly is_default: boolean;
            readonly max_connections: number;
            readonly max_messages_per_connection: number;
            readonly weight: number;
            readonly limit_per_minute: number | null;
            readonly limit_per_hour: number | null;
            readonly limit_per_day: number | null;
            /** @enum {string} */
            readonly limit_unit: 'message' | 'recipient';
            /** @enum {string} */
            readonly limit_behavior: 'defer' | 'reject';
            readonly retry: {
              /** @enum {string} */
              readonly preset?: 'original';
              readonly base_seconds?: number;
              readonly factor?: number;
              readonly max_delay_seconds?: number;
              readonly max_age_seconds?: number;
              readonly delays_seconds?: readonly number[];
              readonly max_attempts?: number;
            } | null;
            readonly pause_kind: ('failures' | 'manual') | null;
            readonly paused_until: string | null;
            readonly pause_reason: {
              readonly stage: string;
              readonly code: number | null;
              readonly enhanced: string | null;
              readonly reply: string;
            } | null;
            readonly pause_failures: number;
            readonly created_at: string;
            readonly updated_at: string;
            readonly pec: boolean | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'accounts.resume': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example main */
        readonly account_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            /** @enum {string} */
            readonly type: 'smtp' | 'sandbox';
            readonly host: string;
            readonly port: number;
            readonly user: string | null;
            readonly has_password: boolean;
            /** @enum {string} */
            readonly auth_method: 'auto' | 'plain' | 'login' | 'cram-md5' | 'xoauth2';
            readonly has_oauth: boolean;
            /** @enum {string} */
            readonly tls: 'none' | 'opportunistic' | 'starttls' | 'implicit';
            readonly tls_servername: string | null;
            readonly tls_ca: string | null;
            readonly tls_insecure: boolean;
            readonly tls_min_version: ('TLSv1.2' | 'TLSv1.3') | null;
            readonly tls_client_cert: string | null;
            readonly has_tls_client_key: boolean;
            readonly ehlo_name: string | null;
            readonly is_default: boolean;
            readonly max_connections: number;
            readonly max_messages_per_connection: number;
            readonly weight: number;
            readonly limit_per_minute: number | null;
            readonly limit_per_hour: number | null;
            readonly limit_per_day: number | null;
            /** @enum {string} */
            readonly limit_unit: 'message' | 'recipient';
            /** @enum {string} */
            readonly limit_behavior: 'defer' | 'reject';
            readonly retry: {
              /** @enum {string} */
              readonly preset?: 'original';
              readonly base_seconds?: number;
              readonly factor?: number;
              readonly max_delay_seconds?: number;
              readonly max_age_seconds?: number;
              readonly delays_seconds?: readonly number[];
              readonly max_attempts?: number;
            } | null;
            readonly pause_kind: ('failures' | 'manual') | null;
            readonly paused_until: string | null;
            readonly pause_reason: {
              readonly stage: string;
              readonly code: number | null;
              readonly enhanced: string | null;
              readonly reply: string;
            } | null;
            readonly pause_failures: number;
            readonly created_at: string;
            readonly updated_at: string;
            readonly pec: boolean | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'accounts.verify': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example main */
        readonly account_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly ok: boolean;
            readonly stage: string | null;
            readonly code: number | null;
            readonly enhanced: string | null;
            readonly reply: string | null;
            readonly duration_ms: number;
            readonly tls: {
              readonly version: string;
              readonly cipher: string;
            } | null;
            readonly certificate: {
              readonly subject: string;
              readonly issuer: string;
              readonly valid_from: string;
              readonly valid_to: string;
            } | null;
            readonly capabilities: {
              readonly size: number | null;
              readonly pipelining: boolean;
              readonly eight_bit_mime: boolean;
              readonly smtp_utf8: boolean;
              readonly auth_mechanisms: readonly string[];
            } | null;
            readonly transcript: readonly string[];
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'lanes.list': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly account_id?: string;
        /** @example waiting */
        readonly state?: 'sending' | 'idle' | 'waiting' | 'paused' | 'suspended';
        /** @example 20 */
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly tenant_id: string;
              readonly account_id: string;
              readonly account_pk: string;
              readonly host: string;
              /** @enum {string} */
              readonly state: 'sending' | 'idle' | 'waiting' | 'paused' | 'suspended';
              readonly waiting_for: {
                /** @enum {string} */
                readonly kind:
                  | 'rate_limit'
                  | 'account_paused'
                  | 'account_probe'
                  | 'tenant_suspended'
                  | 'batch_suspended'
                  | 'instance_paused'
                  | 'scheduled'
                  | 'retry'
                  | 'held'
                  | 'in_doubt'
                  | 'attachments'
                  | 'sending'
                  | 'server_busy'
                  | 'host_failing'
                  | 'slowed_down'
                  | 'account_busy'
                  | 'turn';
                /** @enum {string} */
                readonly scope: 'message' | 'batch' | 'account' | 'host' | 'tenant' | 'instance' | 'lane';
                readonly detail: string | null;
                readonly until: string | null;
              } | null;
              readonly ready: number;
              readonly deferred: number;
              readonly held: number;
              readonly preparing: number;
              readonly running: number;
              readonly connections: number;
              readonly oldest_due_at: string | null;
              readonly pause: {
                /** @enum {string} */
                readonly kind: 'failures' | 'manual';
                readonly since: string;
                readonly until: string | null;
                readonly failures: number;
                readonly reason: {
                  readonly stage: string;
                  readonly code: number | null;
                  readonly enhanced: string | null;
                  readonly reply: string;
                };
              } | null;
              readonly limits: readonly {
                /** @enum {string} */
                readonly scope: 'account' | 'tenant';
                /** @enum {string} */
                readonly per: 'minute' | 'hour' | 'day';
                /** @enum {string} */
                readonly unit: 'message' | 'recipient';
                readonly limit: number;
                readonly used: number;
                readonly free_at: string | null;
              }[];
              readonly last_minute: {
                readonly sent: number;
                readonly failed: number;
                readonly deferred: number;
              };
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'dkim-keys.list': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        /** @example 20 */
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly pk: string;
              readonly tenant_id: string;
              readonly account_id: string | null;
              readonly domain: string;
              readonly selector: string;
              /** @enum {string} */
              readonly algorithm: 'rsa-sha256' | 'ed25519-sha256';
              readonly dns_name: string;
              readonly dns_value: string;
              readonly created_at: string;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'dkim-keys.create': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "domain": "shop.example",
         *       "selector": "2026-a",
         *       "generate": "rsa"
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly domain: string;
          readonly selector: string;
          readonly account_id?: string;
          readonly private_key?: string;
          /** @enum {string} */
          readonly generate?: 'rsa' | 'ed25519';
        };
      };
    };
    readonly responses: {
      /** @description Created */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly tenant_id: string;
            readonly account_id: string | null;
            readonly domain: string;
            readonly selector: string;
            /** @enum {string} */
            readonly algorithm: 'rsa-sha256' | 'ed25519-sha256';
            readonly dns_name: string;
            readonly dns_value: string;
            readonly created_at: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'dkim-keys.get': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example 0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b */
        readonly dkim_key_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly tenant_id: string;
            readonly account_id: string | null;
            readonly domain: string;
            readonly selector: string;
            /** @enum {string} */
            readonly algorithm: 'rsa-sha256' | 'ed25519-sha256';
            readonly dns_name: string;
            readonly dns_value: string;
            readonly created_at: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'dkim-keys.delete': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example 0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b */
        readonly dkim_key_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.list': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        /** @example deferred */
        readonly state?: 'preparing' | 'ready' | 'leased' | 'deferred' | 'suspended' | 'held' | 'in_doubt' | 'final';
        readonly result?: 'sent' | 'partially_sent' | 'failed' | 'expired' | 'cancelled';
        readonly batch_code?: string;
        readonly account_id?: string;
        readonly priority?: (number | ('immediate' | 'high' | 'medium' | 'low')) | ('0' | '1' | '2' | '3');
        readonly recipient?: string;
        readonly domain?: string;
        readonly subject?: string;
        readonly created_after?: string;
        readonly created_before?: string;
        readonly open?: boolean;
        readonly include?: string | readonly string[];
        /** @example 20 */
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly pk: string;
              readonly id: string;
              readonly tenant_id: string;
              readonly account_id: string;
              /** @enum {string} */
              readonly state:
                | 'preparing'
                | 'ready'
                | 'leased'
                | 'deferred'
                | 'suspended'
                | 'held'
                | 'in_doubt'
                | 'final';
              readonly result: ('sent' | 'partially_sent' | 'failed' | 'expired' | 'cancelled') | null;
              readonly priority: number;
              readonly batch_code: string | null;
              readonly attempts: number;
              readonly message_id: string;
              readonly last_error: string | null;
              readonly created_at: string;
              readonly updated_at: string;
              readonly next_attempt_at: string | null;
              readonly final_at: string | null;
              readonly sent_ts: number | null;
              readonly bounce_type: ('hard' | 'soft') | null;
              readonly bounce_code: string | null;
              readonly bounce_reason: string | null;
              readonly bounce_ts: number | null;
              readonly content?: {
                readonly from: string;
                readonly to: readonly string[];
                readonly cc: readonly string[];
                readonly bcc: readonly string[];
                readonly reply_to: readonly string[];
                readonly return_path: string;
                readonly subject: string;
                readonly text: string | null;
                readonly html: string | null;
                readonly headers: {
                  readonly [key: string]: string;
                };
                readonly attachments: readonly {
                  readonly filename: string;
                  readonly mime_type: string;
                  /** @enum {string} */
                  readonly disposition: 'attachment' | 'inline';
                  /** @enum {string} */
                  readonly fetch_mode: 'base64' | 'http_url' | 'filesystem' | 'endpoint' | 'storage';
                  readonly fetched: boolean;
                  readonly size: number | null;
                  readonly detached_by: string | null;
                }[];
              } | null;
              readonly events?: readonly {
                readonly id: string;
                readonly seq: number | null;
                readonly tenant_id: string;
                readonly pk: string | null;
                readonly message_id: string | null;
                readonly account_id: string | null;
                readonly batch_code: string | null;
                readonly type:
                  | (
                      | 'sent'
                      | 'partially_sent'
                      | 'deferred'
                      | 'error'
                      | 'expired'
                      | 'cancelled'
                      | 'interrupted'
                      | 'in_doubt'
                      | 'retried'
                      | 'confirmed'
                      | 'held'
                      | 'released'
                      | 'replaced'
                      | 'account_paused'
                      | 'account_resumed'
                      | 'bounce'
                      | 'complaint'
                    )
                  | string;
                readonly at: string;
                readonly attempt: number;
                readonly reason: string | null;
                readonly recipients: readonly {
                  readonly address: string;
                  readonly state: string;
                  readonly stage: string | null;
                  readonly code: number | null;
                  readonly enhanced: string | null;
                  readonly reply: string | null;
                }[];
                readonly next_attempt_at: string | null;
                readonly possible_duplicate: boolean;
                readonly until: string | null;
                readonly bounce_type: ('hard' | 'soft') | null;
                readonly bounce_code: string | null;
                readonly bounce_reason: string | null;
                readonly feedback: {
                  readonly recipient: string;
                  readonly status: string | null;
                  readonly reason_class: string | null;
                  readonly permanence: ('permanent' | 'temporary') | null;
                  readonly address_dead: boolean;
                  readonly reported_by: string | null;
                  readonly feedback_type: string | null;
                } | null;
                readonly extra: {
                  readonly [key: string]: string | number | boolean | null;
                } | null;
              }[];
              readonly rate_limited_until?: string | null;
            }[];
            readonly next: string | null;
            readonly count?: number;
            readonly searched?: {
              readonly looked_at: number;
              readonly unreadable: number;
              readonly back_to: string | null;
            };
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.create': {
    readonly parameters: {
      readonly query?: {
        /** @description With message/rfc822 */
        readonly tenant_id?: string;
        /** @description With message/rfc822 */
        readonly id?: string;
        /** @description With message/rfc822 */
        readonly on_conflict?: 'reject' | 'ignore' | 'replace_if_pending';
        /** @description With message/rfc822 */
        readonly account_id?: string;
        /** @description With message/rfc822 */
        readonly to?: string | readonly string[];
        /** @description With message/rfc822 */
        readonly priority?: (number | ('immediate' | 'high' | 'medium' | 'low')) | ('0' | '1' | '2' | '3');
        /** @description With message/rfc822 */
        readonly deferred_ts?: number | string;
        /** @description With message/rfc822 */
        readonly send_at?: string;
        /** @description With message/rfc822 */
        readonly expires_at?: string;
        /** @description With message/rfc822 */
        readonly batch_code?: string;
        /** @description With message/rfc822 */
        readonly return_path?: string;
        /** @description With message/rfc822 */
        readonly on_in_doubt?: 'retry' | 'hold' | 'fail';
        /** @description With message/rfc822 */
        readonly ignore_suppressions?: boolean;
      };
      readonly header?: {
        /** @description A request with the same key and the same body is answered as before and stores nothing. */
        readonly 'Idempotency-Key'?: string;
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    /** @description As multipart/form-data, the field message holds the JSON, and each file of the form becomes an attachment, behind those of the JSON. An attachment in the JSON says more about a file by naming its field: "storage_path": "part:logo". As message/rfc822, the body is a complete message, which is sent as it is to the recipients in its header; what else is to be said stands in the query. */
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "id": "order-4711",
         *       "from": "Shop <orders@shop.example>",
         *       "to": "ada@example.org",
         *       "subject": "Your order 4711",
         *       "text": "Thank you."
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly id?: string;
          /** @enum {string} */
          readonly on_conflict?: 'reject' | 'ignore' | 'replace_if_pending';
          readonly account_id?: string;
          readonly from: string;
          /** @default [] */
          readonly to?: string | readonly string[];
          /** @default [] */
          readonly cc?: string | readonly string[];
          /** @default [] */
          readonly bcc?: string | readonly string[];
          /** @default [] */
          readonly reply_to?: string | readonly string[];
          readonly subject: string;
          readonly text?: string;
          readonly html?: string;
          readonly body?: string;
          /** @enum {string} */
          readonly content_type?: 'plain' | 'html';
          readonly calendar?: {
            /** @enum {string} */
            readonly method: 'REQUEST' | 'CANCEL' | 'REPLY' | 'PUBLISH';
            readonly content: string;
          };
          /** @default {} */
          readonly headers?: {
            readonly [key: string]: string;
          };
          readonly list_unsubscribe?: {
            readonly url?: string;
            readonly mailto?: string;
            readonly one_click?: boolean;
          };
          /** @default [] */
          readonly attachments?: readonly {
            readonly filename: string;
            readonly storage_path?: string;
            /** @enum {string} */
            readonly fetch_mode?: 'base64' | 'http_url' | 'filesystem' | 'endpoint' | 'storage';
            readonly mime_type?: string;
            readonly content_md5?: string;
            readonly content_sha256?: string;
            readonly content_id?: string;
            /** @enum {string} */
            readonly disposition?: 'attachment' | 'inline';
            readonly auth?:
              | {
                  /** @constant */
                  readonly method: 'none';
                }
              | {
                  /** @constant */
                  readonly method: 'bearer';
                  readonly token: string;
                }
              | {
                  /** @constant */
                  readonly method: 'basic';
                  readonly user: string;
                  readonly password: string;
                };
          }[];
          readonly priority?: number | ('immediate' | 'high' | 'medium' | 'low');
          readonly deferred_ts?: number;
          readonly send_at?: string;
          readonly expires_at?: string;
          readonly batch_code?: string;
          readonly return_path?: string;
          readonly message_id?: string;
          /** @enum {string} */
          readonly on_in_doubt?: 'retry' | 'hold' | 'fail';
          readonly ignore_suppressions?: boolean;
        };
        readonly 'multipart/form-data': {
          readonly message: {
            readonly tenant_id?: string;
            readonly id?: string;
            /** @enum {string} */
            readonly on_conflict?: 'reject' | 'ignore' | 'replace_if_pending';
            readonly account_id?: string;
            readonly from: string;
            /** @default [] */
            readonly to?: string | readonly string[];
            /** @default [] */
            readonly cc?: string | readonly string[];
            /** @default [] */
            readonly bcc?: string | readonly string[];
            /** @default [] */
            readonly reply_to?: string | readonly string[];
            readonly subject: string;
            readonly text?: string;
            readonly html?: string;
            readonly body?: string;
            /** @enum {string} */
            readonly content_type?: 'plain' | 'html';
            readonly calendar?: {
              /** @enum {string} */
              readonly method: 'REQUEST' | 'CANCEL' | 'REPLY' | 'PUBLISH';
              readonly content: string;
            };
            /** @default {} */
            readonly headers?: {
              readonly [key: string]: string;
            };
            readonly list_unsubscribe?: {
              readonly url?: string;
              readonly mailto?: string;
              readonly one_click?: boolean;
            };
            /** @default [] */
            readonly attachments?: readonly {
              readonly filename: string;
              readonly storage_path?: string;
              /** @enum {string} */
              readonly fetch_mode?: 'base64' | 'http_url' | 'filesystem' | 'endpoint' | 'storage';
              readonly mime_type?: string;
              readonly content_md5?: string;
              readonly content_sha256?: string;
              readonly content_id?: string;
              /** @enum {string} */
              readonly disposition?: 'attachment' | 'inline';
              readonly auth?:
                | {
                    /** @constant */
                    readonly method: 'none';
                  }
                | {
                    /** @constant */
                    readonly method: 'bearer';
                    readonly token: string;
                  }
                | {
                    /** @constant */
                    readonly method: 'basic';
                    readonly user: string;
                    readonly password: string;
                  };
            }[];
            readonly priority?: number | ('immediate' | 'high' | 'medium' | 'low');
            readonly deferred_ts?: number;
            readonly send_at?: string;
            readonly expires_at?: string;
            readonly batch_code?: string;
            readonly return_path?: string;
            readonly message_id?: string;
            /** @enum {string} */
            readonly on_in_doubt?: 'retry' | 'hold' | 'fail';
            readonly ignore_suppressions?: boolean;
          };
        } & {
          readonly [key: string]: unknown;
        };
        readonly 'message/rfc822': string;
      };
    };
    readonly responses: {
      /** @description Accepted and on disk */
      readonly 202: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            readonly account_id: string;
            /** @enum {string} */
            readonly state: 'preparing' | 'ready' | 'leased' | 'deferred' | 'suspended' | 'held' | 'in_doubt' | 'final';
            readonly created_at: string;
            /** @enum {string} */
            readonly conflict?: 'ignored' | 'replaced';
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.create-batch': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description A request with the same key and the same body is answered as before and stores nothing. */
        readonly 'Idempotency-Key'?: string;
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "messages": [
         *         {
         *           "id": "news-1",
         *           "from": "news@shop.example",
         *           "to": "ada@example.org",
         *           "subject": "News",
         *           "text": "Hello Ada."
         *         },
         *         {
         *           "id": "news-2",
         *           "from": "news@shop.example",
         *           "to": "alan@example.org",
         *           "subject": "News",
         *           "text": "Hello Alan."
         *         }
         *       ],
         *       "default_priority": "low"
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly default_priority?: number | ('immediate' | 'high' | 'medium' | 'low');
          /** @enum {string} */
          readonly on_conflict?: 'reject' | 'ignore' | 'replace_if_pending';
          readonly messages: readonly {
            readonly tenant_id?: string;
            readonly id?: string;
            /** @enum {string} */
            readonly on_conflict?: 'reject' | 'ignore' | 'replace_if_pending';
            readonly account_id?: string;
            readonly from: string;
            /** @default [] */
            readonly to?: string | readonly string[];
            /** @default [] */
            readonly cc?: string | readonly string[];
            /** @default [] */
            readonly bcc?: string | readonly string[];
            /** @default [] */
            readonly reply_to?: string | readonly string[];
            readonly subject: string;
            readonly text?: string;
            readonly html?: string;
            readonly body?: string;
            /** @enum {string} */
            readonly content_type?: 'plain' | 'html';
            readonly calendar?: {
              /** @enum {string} */
              readonly method: 'REQUEST' | 'CANCEL' | 'REPLY' | 'PUBLISH';
              readonly content: string;
            };
            /** @default {} */
            readonly headers?: {
              readonly [key: string]: string;
            };
            readonly list_unsubscribe?: {
              readonly url?: string;
              readonly mailto?: string;
              readonly one_click?: boolean;
            };
            /** @default [] */
            readonly attachments?: readonly {
              readonly filename: string;
              readonly storage_path?: string;
              /** @enum {string} */
              readonly fetch_mode?: 'base64' | 'http_url' | 'filesystem' | 'endpoint' | 'storage';
              readonly mime_type?: string;
              readonly content_md5?: string;
              readonly content_sha256?: string;
              readonly content_id?: string;
              /** @enum {string} */
              readonly disposition?: 'attachment' | 'inline';
              readonly auth?:
                | {
                    /** @constant */
                    readonly method: 'none';
                  }
                | {
                    /** @constant */
                    readonly method: 'bearer';
                    readonly token: string;
                  }
                | {
                    /** @constant */
                    readonly method: 'basic';
                    readonly user: string;
                    readonly password: string;
                  };
            }[];
            readonly priority?: number | ('immediate' | 'high' | 'medium' | 'low');
            readonly deferred_ts?: number;
            readonly send_at?: string;
            readonly expires_at?: string;
            readonly batch_code?: string;
            readonly return_path?: string;
            readonly message_id?: string;
            /** @enum {string} */
            readonly on_in_doubt?: 'retry' | 'hold' | 'fail';
            readonly ignore_suppressions?: boolean;
          }[];
        };
      };
    };
    readonly responses: {
      /** @description Accepted and on disk */
      readonly 202: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly accepted: number;
            readonly rejected: number;
            readonly results: readonly {
              readonly index: number;
              readonly id: string | null;
              readonly pk?: string;
              /** @enum {string} */
              readonly status: 'accepted' | 'rejected';
              /** @enum {string} */
              readonly conflict?: 'ignored' | 'replaced';
              /** @enum {string} */
              readonly state?:
                | 'preparing'
                | 'ready'
                | 'leased'
                | 'deferred'
                | 'suspended'
                | 'held'
                | 'in_doubt'
                | 'final';
              /** @enum {string} */
              readonly result?: 'sent' | 'partially_sent' | 'failed' | 'expired' | 'cancelled';
              readonly code?: string;
              readonly reason?: string;
              readonly retry_after?: number;
              readonly problems?: readonly {
                readonly pointer: string;
                readonly message: string;
              }[];
            }[];
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.get': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly include?: 'content';
      };
      readonly header?: never;
      readonly path: {
        /** @example order-4711 */
        readonly message_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            readonly account_id: string;
            /** @enum {string} */
            readonly state: 'preparing' | 'ready' | 'leased' | 'deferred' | 'suspended' | 'held' | 'in_doubt' | 'final';
            readonly result: ('sent' | 'partially_sent' | 'failed' | 'expired' | 'cancelled') | null;
            readonly priority: number;
            readonly batch_code: string | null;
            readonly attempts: number;
            readonly message_id: string;
            readonly last_error: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly next_attempt_at: string | null;
            readonly final_at: string | null;
            readonly sent_ts: number | null;
            readonly bounce_type: ('hard' | 'soft') | null;
            readonly bounce_code: string | null;
            readonly bounce_reason: string | null;
            readonly bounce_ts: number | null;
            readonly from: string | null;
            readonly subject: string | null;
            readonly content_removed: boolean;
            readonly expires_at: string | null;
            /** @enum {string} */
            readonly on_in_doubt: 'retry' | 'hold' | 'fail';
            readonly recipients: readonly {
              readonly address: string;
              /** @enum {string} */
              readonly kind: 'to' | 'cc' | 'bcc';
              /** @enum {string} */
              readonly state: 'pending' | 'in_doubt' | 'sent' | 'failed' | 'expired' | 'cancelled';
              readonly attempts: number;
              readonly stage: string | null;
              readonly code: number | null;
              readonly enhanced: string | null;
              readonly reply: string | null;
              readonly verdict: string | null;
            }[];
            readonly attachments: readonly {
              readonly filename: string;
              readonly mime_type: string;
              /** @enum {string} */
              readonly disposition: 'attachment' | 'inline';
              /** @enum {string} */
              readonly fetch_mode: 'base64' | 'http_url' | 'filesystem' | 'endpoint' | 'storage';
              readonly fetched: boolean;
              readonly size: number | null;
              readonly detached_by: string | null;
            }[];
            readonly history: readonly {
              readonly attempt: number;
              readonly at: string;
              readonly type:
                | (
                    | 'sent'
                    | 'partially_sent'
                    | 'deferred'
                    | 'error'
                    | 'expired'
                    | 'cancelled'
                    | 'interrupted'
                    | 'in_doubt'
                    | 'retried'
                    | 'confirmed'
                    | 'held'
                    | 'released'
                    | 'replaced'
                    | 'account_paused'
                    | 'account_resumed'
                    | 'bounce'
                    | 'complaint'
                  )
                | string;
              readonly duration_ms: number | null;
              readonly stage: string | null;
              readonly code: number | null;
              readonly enhanced: string | null;
              readonly reply: string | null;
              readonly transcript: readonly string[] | null;
            }[];
            readonly waiting_for: readonly {
              /** @enum {string} */
              readonly kind:
                | 'rate_limit'
                | 'account_paused'
                | 'account_probe'
                | 'tenant_suspended'
                | 'batch_suspended'
                | 'instance_paused'
                | 'scheduled'
                | 'retry'
                | 'held'
                | 'in_doubt'
                | 'attachments'
                | 'sending'
                | 'server_busy'
                | 'host_failing'
                | 'slowed_down'
                | 'account_busy'
                | 'turn';
              /** @enum {string} */
              readonly scope: 'message' | 'batch' | 'account' | 'host' | 'tenant' | 'instance' | 'lane';
              readonly until: string | null;
              readonly position: number | null;
              readonly detail: string | null;
            }[];
            readonly content?: {
              readonly from: string;
              readonly to: readonly string[];
              readonly cc: readonly string[];
              readonly bcc: readonly string[];
              readonly reply_to: readonly string[];
              readonly return_path: string;
              readonly subject: string;
              readonly text: string | null;
              readonly html: string | null;
              readonly headers: {
                readonly [key: string]: string;
              };
              readonly attachments: readonly {
                readonly filename: string;
                readonly mime_type: string;
                /** @enum {string} */
                readonly disposition: 'attachment' | 'inline';
                /** @enum {string} */
                readonly fetch_mode: 'base64' | 'http_url' | 'filesystem' | 'endpoint' | 'storage';
                readonly fetched: boolean;
                readonly size: number | null;
                readonly detached_by: string | null;
              }[];
            } | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.cancel': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example order-4711 */
        readonly message_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            readonly account_id: string;
            /** @enum {string} */
            readonly state: 'preparing' | 'ready' | 'leased' | 'deferred' | 'suspended' | 'held' | 'in_doubt' | 'final';
            readonly result: ('sent' | 'partially_sent' | 'failed' | 'expired' | 'cancelled') | null;
            readonly priority: number;
            readonly batch_code: string | null;
            readonly attempts: number;
            readonly message_id: string;
            readonly last_error: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly next_attempt_at: string | null;
            readonly final_at: string | null;
            readonly sent_ts: number | null;
            readonly bounce_type: ('hard' | 'soft') | null;
            readonly bounce_code: string | null;
            readonly bounce_reason: string | null;
            readonly bounce_ts: number | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.reschedule': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example order-4711 */
        readonly message_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "send_at": "2030-01-31T09:00:00Z"
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly send_at: string;
          readonly expires_at?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            readonly account_id: string;
            /** @enum {string} */
            readonly state: 'preparing' | 'ready' | 'leased' | 'deferred' | 'suspended' | 'held' | 'in_doubt' | 'final';
            readonly result: ('sent' | 'partially_sent' | 'failed' | 'expired' | 'cancelled') | null;
            readonly priority: number;
            readonly batch_code: string | null;
            readonly attempts: number;
            readonly message_id: string;
            readonly last_error: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly next_attempt_at: string | null;
            readonly final_at: string | null;
            readonly sent_ts: number | null;
            readonly bounce_type: ('hard' | 'soft') | null;
            readonly bounce_code: string | null;
            readonly bounce_reason: string | null;
            readonly bounce_ts: number | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.retry': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example order-4711 */
        readonly message_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            readonly account_id: string;
            /** @enum {string} */
            readonly state: 'preparing' | 'ready' | 'leased' | 'deferred' | 'suspended' | 'held' | 'in_doubt' | 'final';
            readonly result: ('sent' | 'partially_sent' | 'failed' | 'expired' | 'cancelled') | null;
            readonly priority: number;
            readonly batch_code: string | null;
            readonly attempts: number;
            readonly message_id: string;
            readonly last_error: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly next_attempt_at: string | null;
            readonly final_at: string | null;
            readonly sent_ts: number | null;
            readonly bounce_type: ('hard' | 'soft') | null;
            readonly bounce_code: string | null;
            readonly bounce_reason: string | null;
            readonly bounce_ts: number | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.hold': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example order-4711 */
        readonly message_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            readonly account_id: string;
            /** @enum {string} */
            readonly state: 'preparing' | 'ready' | 'leased' | 'deferred' | 'suspended' | 'held' | 'in_doubt' | 'final';
            readonly result: ('sent' | 'partially_sent' | 'failed' | 'expired' | 'cancelled') | null;
            readonly priority: number;
            readonly batch_code: string | null;
            readonly attempts: number;
            readonly message_id: string;
            readonly last_error: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly next_attempt_at: string | null;
            readonly final_at: string | null;
            readonly sent_ts: number | null;
            readonly bounce_type: ('hard' | 'soft') | null;
            readonly bounce_code: string | null;
            readonly bounce_reason: string | null;
            readonly bounce_ts: number | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.release': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example order-4711 */
        readonly message_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            readonly account_id: string;
            /** @enum {string} */
            readonly state: 'preparing' | 'ready' | 'leased' | 'deferred' | 'suspended' | 'held' | 'in_doubt' | 'final';
            readonly result: ('sent' | 'partially_sent' | 'failed' | 'expired' | 'cancelled') | null;
            readonly priority: number;
            readonly batch_code: string | null;
            readonly attempts: number;
            readonly message_id: string;
            readonly last_error: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly next_attempt_at: string | null;
            readonly final_at: string | null;
            readonly sent_ts: number | null;
            readonly bounce_type: ('hard' | 'soft') | null;
            readonly bounce_code: string | null;
            readonly bounce_reason: string | null;
            readonly bounce_ts: number | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.confirm': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example order-4711 */
        readonly message_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly id: string;
            readonly tenant_id: string;
            readonly account_id: string;
            /** @enum {string} */
            readonly state: 'preparing' | 'ready' | 'leased' | 'deferred' | 'suspended' | 'held' | 'in_doubt' | 'final';
            readonly result: ('sent' | 'partially_sent' | 'failed' | 'expired' | 'cancelled') | null;
            readonly priority: number;
            readonly batch_code: string | null;
            readonly attempts: number;
            readonly message_id: string;
            readonly last_error: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly next_attempt_at: string | null;
            readonly final_at: string | null;
            readonly sent_ts: number | null;
            readonly bounce_type: ('hard' | 'soft') | null;
            readonly bounce_code: string | null;
            readonly bounce_reason: string | null;
            readonly bounce_ts: number | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.bulk': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "action": "cancel",
         *       "filter": {
         *         "batch_code": "news-2030-01"
         *       },
         *       "dry_run": true
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          /** @enum {string} */
          readonly action: 'cancel' | 'hold' | 'release' | 'retry' | 'reschedule' | 'confirm';
          readonly send_at?: string;
          readonly filter: {
            readonly ids?: readonly string[];
            readonly batch_code?: string;
            readonly account_id?: string;
            /** @enum {string} */
            readonly state?:
              | 'preparing'
              | 'ready'
              | 'leased'
              | 'deferred'
              | 'suspended'
              | 'held'
              | 'in_doubt'
              | 'final';
            /** @enum {string} */
            readonly result?: 'sent' | 'partially_sent' | 'failed' | 'expired' | 'cancelled';
            readonly priority?: number | ('immediate' | 'high' | 'medium' | 'low');
            readonly recipient?: string;
            readonly created_before?: string;
            readonly created_after?: string;
          };
          /** @default false */
          readonly dry_run?: boolean;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly matched: number;
            readonly changed: number;
            readonly skipped: number;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.remove': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "ids": [
         *         "order-4711",
         *         "order-4712"
         *       ]
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly ids: readonly string[];
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly removed: number;
            readonly results: readonly {
              readonly id: string;
              /** @enum {string} */
              readonly status: 'removed' | 'not_found' | 'ambiguous' | 'in_flight' | 'in_doubt';
            }[];
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.prune': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        /**
         * @example {
         *       "older_than_seconds": 604800
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly older_than_seconds?: number;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly removed: number;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'batches.suspend': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example news-2030-01 */
        readonly batch_code: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
          /** @default false */
          readonly dry_run?: boolean;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly batch_code: string;
            readonly suspended: boolean;
            readonly parked: number;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'batches.activate': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example news-2030-01 */
        readonly batch_code: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly batch_code: string;
            readonly suspended: boolean;
            readonly released: number;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'batches.list': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        /** @example 20 */
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly tenant_id: string;
              readonly batch_code: string;
              readonly suspended_at: string;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'messages.events': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example order-4711 */
        readonly message_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly id: string;
              readonly seq: number | null;
              readonly tenant_id: string;
              readonly pk: string | null;
              readonly message_id: string | null;
              readonly account_id: string | null;
              readonly batch_code: string | null;
              readonly type:
                | (
                    | 'sent'
                    | 'partially_sent'
                    | 'deferred'
                    | 'error'
                    | 'expired'
                    | 'cancelled'
                    | 'interrupted'
                    | 'in_doubt'
                    | 'retried'
                    | 'confirmed'
                    | 'held'
                    | 'released'
                    | 'replaced'
                    | 'account_paused'
                    | 'account_resumed'
                    | 'bounce'
                    | 'complaint'
                  )
                | string;
              readonly at: string;
              readonly attempt: number;
              readonly reason: string | null;
              readonly recipients: readonly {
                readonly address: string;
                readonly state: string;
                readonly stage: string | null;
                readonly code: number | null;
                readonly enhanced: string | null;
                readonly reply: string | null;
              }[];
              readonly next_attempt_at: string | null;
              readonly possible_duplicate: boolean;
              readonly until: string | null;
              readonly bounce_type: ('hard' | 'soft') | null;
              readonly bounce_code: string | null;
              readonly bounce_reason: string | null;
              readonly feedback: {
                readonly recipient: string;
                readonly status: string | null;
                readonly reason_class: string | null;
                readonly permanence: ('permanent' | 'temporary') | null;
                readonly address_dead: boolean;
                readonly reported_by: string | null;
                readonly feedback_type: string | null;
              } | null;
              readonly extra: {
                readonly [key: string]: string | number | boolean | null;
              } | null;
            }[];
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'events.list': {
    readonly parameters: {
      readonly query?: {
        /** @example default */
        readonly tenant_id?: string;
        /** @example 0 */
        readonly after?: number;
        readonly limit?: number;
        readonly last?: number;
        readonly wait?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly id: string;
              readonly seq: number | null;
              readonly tenant_id: string;
              readonly pk: string | null;
              readonly message_id: string | null;
              readonly account_id: string | null;
              readonly batch_code: string | null;
              readonly type:
                | (
                    | 'sent'
                    | 'partially_sent'
                    | 'deferred'
                    | 'error'
                    | 'expired'
                    | 'cancelled'
                    | 'interrupted'
                    | 'in_doubt'
                    | 'retried'
                    | 'confirmed'
                    | 'held'
                    | 'released'
                    | 'replaced'
                    | 'account_paused'
                    | 'account_resumed'
                    | 'bounce'
                    | 'complaint'
                  )
                | string;
              readonly at: string;
              readonly attempt: number;
              readonly reason: string | null;
              readonly recipients: readonly {
                readonly address: string;
                readonly state: string;
                readonly stage: string | null;
                readonly code: number | null;
                readonly enhanced: string | null;
                readonly reply: string | null;
              }[];
              readonly next_attempt_at: string | null;
              readonly possible_duplicate: boolean;
              readonly until: string | null;
              readonly bounce_type: ('hard' | 'soft') | null;
              readonly bounce_code: string | null;
              readonly bounce_reason: string | null;
              readonly feedback: {
                readonly recipient: string;
                readonly status: string | null;
                readonly reason_class: string | null;
                readonly permanence: ('permanent' | 'temporary') | null;
                readonly address_dead: boolean;
                readonly reported_by: string | null;
                readonly feedback_type: string | null;
              } | null;
              readonly extra: {
                readonly [key: string]: string | number | boolean | null;
              } | null;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'sandbox-messages.list': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        /** @example ada@example.org */
        readonly recipient?: string;
        readonly message_id?: string;
        readonly account_id?: string;
        readonly since?: string;
        /** @example 20 */
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly pk: string;
              readonly tenant_id: string;
              readonly account_id: string;
              readonly message_pk: string;
              readonly message_id: string;
              readonly attempt: number;
              readonly captured_at: string;
              readonly mail_from: string;
              readonly recipients: readonly string[];
              readonly size_bytes: number;
              readonly subject: string | null;
              readonly from: string | null;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'sandbox-messages.clear': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        /** @example sandbox */
        readonly account_id?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly removed: number;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'sandbox-messages.get': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example 0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b */
        readonly mail_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly tenant_id: string;
            readonly account_id: string;
            readonly message_pk: string;
            readonly message_id: string;
            readonly attempt: number;
            readonly captured_at: string;
            readonly mail_from: string;
            readonly recipients: readonly string[];
            readonly size_bytes: number;
            readonly subject: string | null;
            readonly from: string | null;
            readonly content: {
              readonly headers: readonly {
                readonly name: string;
                readonly value: string;
              }[];
              readonly text: string | null;
              readonly html: string | null;
              readonly is_cut: boolean;
              readonly attachments: readonly {
                readonly position: number;
                readonly filename: string | null;
                readonly mime_type: string;
                readonly disposition: string | null;
                readonly content_id: string | null;
                readonly size_bytes: number;
              }[];
            } | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'sandbox-messages.delete': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example 0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b */
        readonly mail_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'sandbox-messages.download': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example 0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b */
        readonly mail_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The bytes as they are */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'message/rfc822': string;
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'sandbox-messages.download-attachment': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example 0197a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b */
        readonly mail_id: string;
        /** @example 0 */
        readonly position: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The bytes as they are */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/octet-stream': string;
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.reporting': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly tenant_id: string;
            readonly enabled: boolean;
            readonly disabled_at: string | null;
            readonly waiting: number;
            readonly oldest_waiting_at: string | null;
            readonly exceptions: number;
            readonly last_seq: number;
            readonly acked_seq: number;
            readonly failures: number;
            readonly failing_since: string | null;
            readonly last_error: string | null;
            /** @enum {string} */
            readonly breaker: 'closed' | 'open' | 'half_open';
            readonly next_attempt_at: string | null;
            readonly last_sync_at: string | null;
            readonly next_sync_after: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.sync': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Accepted and on disk */
      readonly 202: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly tenant_id: string;
            readonly enabled: boolean;
            readonly disabled_at: string | null;
            readonly waiting: number;
            readonly oldest_waiting_at: string | null;
            readonly exceptions: number;
            readonly last_seq: number;
            readonly acked_seq: number;
            readonly failures: number;
            readonly failing_since: string | null;
            readonly last_error: string | null;
            /** @enum {string} */
            readonly breaker: 'closed' | 'open' | 'half_open';
            readonly next_attempt_at: string | null;
            readonly last_sync_at: string | null;
            readonly next_sync_after: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.enable-reporting': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly tenant_id: string;
            readonly enabled: boolean;
            readonly disabled_at: string | null;
            readonly waiting: number;
            readonly oldest_waiting_at: string | null;
            readonly exceptions: number;
            readonly last_seq: number;
            readonly acked_seq: number;
            readonly failures: number;
            readonly failing_since: string | null;
            readonly last_error: string | null;
            /** @enum {string} */
            readonly breaker: 'closed' | 'open' | 'half_open';
            readonly next_attempt_at: string | null;
            readonly last_sync_at: string | null;
            readonly next_sync_after: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.report-calls': {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly number: number;
              readonly at: string;
              readonly host: string;
              readonly webhook_id: string;
              readonly events: number;
              readonly status: number | null;
              readonly duration_ms: number;
              readonly error: string | null;
              readonly answer: string | null;
              readonly refused: readonly string[];
              readonly refused_count: number;
              readonly not_found: readonly string[];
              readonly not_found_count: number;
              readonly messages_accepted: number;
              readonly messages_duplicate: number;
              readonly messages_rejected: readonly {
                readonly index: number;
                readonly id: string | null;
                readonly code: string;
                readonly reason: string;
              }[];
              readonly messages_rejected_count: number;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'events.given-up': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly id: string;
              readonly tenant_id: string;
              readonly first_seq: number;
              readonly last_seq: number;
              readonly given_up_at: string;
              readonly reason: string;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'events.replay': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly first_seq?: number;
          readonly last_seq?: number;
          readonly from?: string;
          readonly to?: string;
          readonly message_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Accepted and on disk */
      readonly 202: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly events: number;
            readonly next_seq: number | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.list-signing-secrets': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly id: string;
              readonly tenant_id: string;
              readonly created_at: string;
              readonly expires_at: string | null;
            }[];
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.rotate-signing-secret': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          /** @default 86400 */
          readonly overlap_seconds?: number;
          readonly secret?: string;
        };
      };
    };
    readonly responses: {
      /** @description Created */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly tenant_id: string;
            readonly created_at: string;
            readonly expires_at: string | null;
            readonly secret: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'tenants.revoke-signing-secret': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly tenant_id: string;
        readonly secret_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'storages.list': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly pk: string;
              readonly tenant_id: string;
              readonly name: string;
              readonly protocol: string;
              readonly has_config: boolean;
              readonly created_at: string;
              readonly updated_at: string;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'storages.create': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "name": "invoices",
         *       "protocol": "http",
         *       "config": {
         *         "base_url": "https://files.shop.example"
         *       }
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly name: string;
          readonly protocol: string;
          readonly config?: {
            readonly [key: string]: unknown;
          } | null;
        };
      };
    };
    readonly responses: {
      /** @description Created */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly tenant_id: string;
            readonly name: string;
            readonly protocol: string;
            readonly has_config: boolean;
            readonly created_at: string;
            readonly updated_at: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'storages.get': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example invoices */
        readonly storage_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly tenant_id: string;
            readonly name: string;
            readonly protocol: string;
            readonly has_config: boolean;
            readonly created_at: string;
            readonly updated_at: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'storages.delete': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example invoices */
        readonly storage_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'suppressions.list': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        /** @example complaint */
        readonly reason?: 'hard_bounce' | 'soft_bounces' | 'complaint' | 'unsubscribe' | 'manual' | 'import';
        readonly domain?: string;
        readonly since?: string;
        /** @example 20 */
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly pk: string;
              readonly tenant_id: string;
              readonly address: string;
              /** @enum {string} */
              readonly reason: 'hard_bounce' | 'soft_bounces' | 'complaint' | 'unsubscribe' | 'manual' | 'import';
              readonly note: string | null;
              readonly source_event_id: string | null;
              readonly stopped: number;
              readonly last_stopped_at: string | null;
              readonly created_at: string;
              readonly updated_at: string;
              readonly expires_at: string | null;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'suppressions.add': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "address": "bob@example.org",
         *       "reason": "unsubscribe",
         *       "note": "asked by phone"
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly address: string;
          /**
           * @default manual
           * @enum {string}
           */
          readonly reason?: 'hard_bounce' | 'soft_bounces' | 'complaint' | 'unsubscribe' | 'manual' | 'import';
          readonly note?: string | null;
          readonly expires_at?: string | null;
        };
      };
    };
    readonly responses: {
      /** @description Created */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly tenant_id: string;
            readonly address: string;
            /** @enum {string} */
            readonly reason: 'hard_bounce' | 'soft_bounces' | 'complaint' | 'unsubscribe' | 'manual' | 'import';
            readonly note: string | null;
            readonly source_event_id: string | null;
            readonly stopped: number;
            readonly last_stopped_at: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly expires_at: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'suppressions.import': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "entries": [
         *         {
         *           "address": "bob@example.org"
         *         },
         *         {
         *           "address": "@gone.example"
         *         }
         *       ]
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly entries: readonly {
            readonly address: string;
            readonly reason?: string;
            readonly note?: string | null;
            readonly expires_at?: string | null;
            readonly tenant_id?: string;
          }[];
          /**
           * @default replace
           * @enum {string}
           */
          readonly on_existing?: 'replace' | 'keep';
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly added: number;
            readonly replaced: number;
            readonly kept: number;
            readonly rejected: number;
            readonly results: readonly {
              readonly index: number;
              /** @enum {string} */
              readonly status: 'added' | 'replaced' | 'kept' | 'rejected';
              readonly address: string | null;
              readonly problems?: readonly {
                readonly pointer: string;
                readonly message: string;
              }[];
            }[];
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'suppressions.export': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly reason?: 'hard_bounce' | 'soft_bounces' | 'complaint' | 'unsubscribe' | 'manual' | 'import';
        /** @example example.org */
        readonly domain?: string;
        readonly since?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Lines of JSON, one value each */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/x-ndjson': {
            readonly pk: string;
            readonly tenant_id: string;
            readonly address: string;
            /** @enum {string} */
            readonly reason: 'hard_bounce' | 'soft_bounces' | 'complaint' | 'unsubscribe' | 'manual' | 'import';
            readonly note: string | null;
            readonly source_event_id: string | null;
            readonly stopped: number;
            readonly last_stopped_at: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly expires_at: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'suppressions.check': {
    readonly parameters: {
      readonly query: {
        readonly tenant_id?: string;
        /** @example bob@example.org */
        readonly address: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly address: string;
            readonly suppressed: boolean;
            readonly by: string | null;
            readonly reason:
              | ('hard_bounce' | 'soft_bounces' | 'complaint' | 'unsubscribe' | 'manual' | 'import')
              | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'suppressions.get': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example bob@example.org */
        readonly address: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            readonly tenant_id: string;
            readonly address: string;
            /** @enum {string} */
            readonly reason: 'hard_bounce' | 'soft_bounces' | 'complaint' | 'unsubscribe' | 'manual' | 'import';
            readonly note: string | null;
            readonly source_event_id: string | null;
            readonly stopped: number;
            readonly last_stopped_at: string | null;
            readonly created_at: string;
            readonly updated_at: string;
            readonly expires_at: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'suppressions.remove': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @example bob@example.org */
        readonly address: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'stats.get': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        /** @example 60 */
        readonly minutes?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly now: string;
            readonly waiting: {
              readonly total: number;
              readonly by_state: {
                readonly preparing: number;
                readonly ready: number;
                readonly leased: number;
                readonly deferred: number;
                readonly suspended: number;
                readonly held: number;
                readonly in_doubt: number;
              };
              readonly by_priority: {
                readonly immediate: number;
                readonly high: number;
                readonly medium: number;
                readonly low: number;
              };
            };
            readonly oldest_due_at: string | null;
            readonly rates: {
              readonly accepted: number;
              readonly sent: number;
              readonly failed: number;
              readonly deferred: number;
              readonly bounced: number;
              readonly reported: number;
            };
            readonly series: readonly {
              readonly at: string;
              readonly accepted: number;
              readonly sent: number;
              readonly failed: number;
              readonly deferred: number;
              readonly bounced: number;
              readonly reported: number;
            }[];
            readonly report_lag_ms: number;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance.get': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly name: string;
            readonly version: string;
            /** @enum {string} */
            readonly edition: 'community' | 'enterprise';
            readonly mixins: readonly string[];
            /** @enum {string} */
            readonly database: 'sqlite' | 'postgres';
            readonly created_at: string;
            readonly started_at: string;
            readonly paused: boolean;
            readonly paused_at: string | null;
            readonly session: number;
            readonly sending: number;
            readonly claimed: number;
            readonly waiting: number;
            readonly by_state: {
              readonly [key: string]: number;
            };
            readonly by_result: {
              readonly [key: string]: number;
            };
            readonly retention: {
              readonly ran_at: string | null;
              readonly deleted: {
                readonly [key: string]: number;
              } | null;
            };
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance.status': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly sending: boolean;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance.run-now': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly ok: boolean;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance.pause': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly paused: boolean;
            readonly paused_at: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance.resume': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly paused: boolean;
            readonly paused_at: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance.log-level': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            /** @enum {string} */
            readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
            /** @enum {string} */
            readonly configured: 'debug' | 'info' | 'warn' | 'error' | 'silent';
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance.set-log-level': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "level": "debug"
         *     }
         */
        readonly 'application/json': {
          /** @enum {string} */
          readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            /** @enum {string} */
            readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
            /** @enum {string} */
            readonly configured: 'debug' | 'info' | 'warn' | 'error' | 'silent';
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance.backup': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The bytes as they are */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/vnd.sqlite3': string;
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'caller.get': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            /** @enum {string} */
            readonly kind: 'admin' | 'tenant';
            readonly name: string;
            readonly tenant_id: string | null;
            /** @enum {string} */
            readonly mode: 'live' | 'test';
            readonly scopes: readonly (
              | 'messages:send'
              | 'messages:read'
              | 'messages:content'
              | 'messages:manage'
              | 'accounts:read'
              | 'accounts:write'
              | 'storages:read'
              | 'storages:write'
              | 'dkim-keys:read'
              | 'dkim-keys:write'
              | 'bounces:read'
              | 'bounces:write'
              | 'pec:read'
              | 'pec:write'
              | 'mailboxes:read'
              | 'mailboxes:write'
              | 'suppressions:read'
              | 'suppressions:write'
              | 'events:read'
              | 'events:write'
              | 'tenant:read'
              | 'tenant:write'
              | 'keys:read'
              | 'keys:write'
              | 'audit:read'
            )[];
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance-tokens.list': {
    readonly parameters: {
      readonly query?: {
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly id: string;
              readonly label: string;
              readonly ip_ranges: readonly string[] | null;
              readonly rate_per_minute: number | null;
              readonly created_at: string;
              readonly expires_at: string | null;
              readonly revoked_at: string | null;
              readonly last_used_at: string | null;
              /** @enum {string} */
              readonly kind: 'admin' | 'metrics';
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance-tokens.create': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "kind": "metrics",
         *       "label": "prometheus"
         *     }
         */
        readonly 'application/json': {
          /** @enum {string} */
          readonly kind: 'admin' | 'metrics';
          readonly label?: string | null;
          readonly expires_at?: string | null;
          readonly ip_ranges?: readonly string[] | null;
          readonly rate_per_minute?: number | null;
        };
      };
    };
    readonly responses: {
      /** @description Created */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly label: string;
            readonly ip_ranges: readonly string[] | null;
            readonly rate_per_minute: number | null;
            readonly created_at: string;
            readonly expires_at: string | null;
            readonly revoked_at: string | null;
            readonly last_used_at: string | null;
            /** @enum {string} */
            readonly kind: 'admin' | 'metrics';
            readonly api_key: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance-tokens.get': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example 0197a2b45c6d7e8f9a0b1c2d3e4f5a6b */
        readonly token_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly label: string;
            readonly ip_ranges: readonly string[] | null;
            readonly rate_per_minute: number | null;
            readonly created_at: string;
            readonly expires_at: string | null;
            readonly revoked_at: string | null;
            readonly last_used_at: string | null;
            /** @enum {string} */
            readonly kind: 'admin' | 'metrics';
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance-tokens.revoke': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example 0197a2b45c6d7e8f9a0b1c2d3e4f5a6b */
        readonly token_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'instance-tokens.rotate': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @example 0197a2b45c6d7e8f9a0b1c2d3e4f5a6b */
        readonly token_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        /**
         * @example {
         *       "overlap_seconds": 3600
         *     }
         */
        readonly 'application/json': {
          /** @default 86400 */
          readonly overlap_seconds?: number;
        };
      };
    };
    readonly responses: {
      /** @description Created */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly label: string;
            readonly ip_ranges: readonly string[] | null;
            readonly rate_per_minute: number | null;
            readonly created_at: string;
            readonly expires_at: string | null;
            readonly revoked_at: string | null;
            readonly last_used_at: string | null;
            /** @enum {string} */
            readonly kind: 'admin' | 'metrics';
            readonly api_key: string;
            readonly replaces: {
              readonly id: string;
              readonly label: string;
              readonly ip_ranges: readonly string[] | null;
              readonly rate_per_minute: number | null;
              readonly created_at: string;
              readonly expires_at: string | null;
              readonly revoked_at: string | null;
              readonly last_used_at: string | null;
              /** @enum {string} */
              readonly kind: 'admin' | 'metrics';
            };
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'keys.status': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly sealing: string;
            readonly keys: readonly {
              readonly id: string;
              readonly at_hand: boolean;
              readonly values: number;
            }[];
            readonly columns: readonly {
              readonly column: string;
              readonly key: string | null;
              readonly at_hand: boolean;
              readonly values: number;
            }[];
            readonly instances: readonly {
              readonly instance: string;
              readonly session: number;
              readonly keys: readonly string[];
            }[];
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'keys.rotation': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            /** @enum {string} */
            readonly state: 'none' | 'running' | 'done' | 'incomplete' | 'failed';
            readonly key: string | null;
            readonly started_at: string | null;
            readonly ended_at: string | null;
            readonly total: number;
            readonly done: number;
            readonly unreadable: number;
            readonly error: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'keys.rotate': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Accepted and on disk */
      readonly 202: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            /** @enum {string} */
            readonly state: 'none' | 'running' | 'done' | 'incomplete' | 'failed';
            readonly key: string | null;
            readonly started_at: string | null;
            readonly ended_at: string | null;
            readonly total: number;
            readonly done: number;
            readonly unreadable: number;
            readonly error: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'command-log.list': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly operation?: string;
        readonly outcome?: string;
        readonly principal?: string;
        readonly since?: string;
        readonly until?: string;
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly pk: string;
              readonly at: string;
              readonly operation: string;
              readonly tenant_id: string | null;
              readonly principal: string;
              readonly origin: string;
              readonly request_id: string | null;
              readonly input: unknown;
              readonly outcome: string;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'command-log.export': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly operation?: string;
        readonly outcome?: string;
        readonly principal?: string;
        readonly since?: string;
        readonly until?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Lines of JSON, one value each */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/x-ndjson': {
            readonly pk: string;
            readonly at: string;
            readonly operation: string;
            readonly tenant_id: string | null;
            readonly principal: string;
            readonly origin: string;
            readonly request_id: string | null;
            readonly input: unknown;
            readonly outcome: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'command-log.purge': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        /**
         * @example {
         *       "before": "2026-01-01T00:00:00Z"
         *     }
         */
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly before: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly deleted: number;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'imap.verify': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly host: string;
          /** @default 993 */
          readonly port?: number;
          readonly user: string;
          readonly password: string;
          /**
           * @default implicit
           * @enum {string}
           */
          readonly tls?: 'implicit' | 'starttls' | 'none';
          /** @default INBOX */
          readonly mailbox?: string;
          /** @default 20000 */
          readonly timeout_ms?: number;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly ok: boolean;
            /** @enum {string} */
            readonly stage: 'connect' | 'greeting' | 'auth' | 'mailbox' | 'done';
            readonly mailbox?: {
              readonly exists: number | null;
              readonly uidvalidity: number | null;
              readonly uidnext: number | null;
            };
            readonly capabilities?: readonly string[];
            readonly error?: {
              /** @enum {string} */
              readonly code:
                | 'dns'
                | 'refused'
                | 'closed'
                | 'timeout'
                | 'tls'
                | 'protocol'
                | 'unsupported'
                | 'rejected'
                | 'no_mailbox';
              readonly message: string;
              readonly response_code?: string;
            };
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'mailboxes.list': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly pk: string;
              /** @enum {string} */
              readonly scope: 'tenant' | 'account' | 'instance';
              readonly tenant_id: string | null;
              readonly account_id: string | null;
              readonly name: string;
              readonly host: string;
              readonly port: number;
              /** @enum {string} */
              readonly tls: 'implicit' | 'starttls' | 'none';
              readonly tls_ca: string | null;
              readonly allow_cleartext: boolean;
              readonly user: string;
              readonly has_password: boolean;
              readonly has_oauth: boolean;
              readonly folder: string;
              readonly purposes: readonly ('bounces' | 'pec')[];
              /** @enum {string} */
              readonly after_handling: 'flag' | 'move' | 'delete' | 'leave';
              readonly move_to: string | null;
              readonly poll_interval_seconds: number;
              readonly enabled: boolean;
              readonly version: number;
              readonly created_at: string;
              readonly updated_at: string;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'mailboxes.create': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
          /** @enum {string} */
          readonly scope?: 'tenant' | 'account' | 'instance';
          readonly account_id?: string;
          readonly host: string;
          readonly user: string;
          readonly purposes: readonly ('bounces' | 'pec')[];
          readonly name?: string | null;
          readonly port?: number | null;
          readonly tls?: ('implicit' | 'starttls' | 'none') | null;
          readonly tls_ca?: string | null;
          readonly allow_cleartext?: boolean | null;
          readonly password?: string | null;
          readonly oauth?: {
            readonly access_token?: string;
            readonly token_url?: string;
            readonly client_id?: string;
            readonly client_secret?: string;
            readonly refresh_token?: string;
            readonly scope?: string;
          } | null;
          readonly folder?: string | null;
          readonly after_handling?: ('flag' | 'move' | 'delete' | 'leave') | null;
          readonly move_to?: string | null;
          readonly poll_interval_seconds?: number | null;
          readonly enabled?: boolean | null;
        };
      };
    };
    readonly responses: {
      /** @description Created */
      readonly 201: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            /** @enum {string} */
            readonly scope: 'tenant' | 'account' | 'instance';
            readonly tenant_id: string | null;
            readonly account_id: string | null;
            readonly name: string;
            readonly host: string;
            readonly port: number;
            /** @enum {string} */
            readonly tls: 'implicit' | 'starttls' | 'none';
            readonly tls_ca: string | null;
            readonly allow_cleartext: boolean;
            readonly user: string;
            readonly has_password: boolean;
            readonly has_oauth: boolean;
            readonly folder: string;
            readonly purposes: readonly ('bounces' | 'pec')[];
            /** @enum {string} */
            readonly after_handling: 'flag' | 'move' | 'delete' | 'leave';
            readonly move_to: string | null;
            readonly poll_interval_seconds: number;
            readonly enabled: boolean;
            readonly version: number;
            readonly created_at: string;
            readonly updated_at: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'mailboxes.get': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly mailbox_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            /** @enum {string} */
            readonly scope: 'tenant' | 'account' | 'instance';
            readonly tenant_id: string | null;
            readonly account_id: string | null;
            readonly name: string;
            readonly host: string;
            readonly port: number;
            /** @enum {string} */
            readonly tls: 'implicit' | 'starttls' | 'none';
            readonly tls_ca: string | null;
            readonly allow_cleartext: boolean;
            readonly user: string;
            readonly has_password: boolean;
            readonly has_oauth: boolean;
            readonly folder: string;
            readonly purposes: readonly ('bounces' | 'pec')[];
            /** @enum {string} */
            readonly after_handling: 'flag' | 'move' | 'delete' | 'leave';
            readonly move_to: string | null;
            readonly poll_interval_seconds: number;
            readonly enabled: boolean;
            readonly version: number;
            readonly created_at: string;
            readonly updated_at: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'mailboxes.delete': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly mailbox_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'mailboxes.update': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly mailbox_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly host?: string;
          readonly user?: string;
          readonly purposes?: readonly ('bounces' | 'pec')[];
          readonly name?: string | null;
          readonly port?: number | null;
          readonly tls?: ('implicit' | 'starttls' | 'none') | null;
          readonly tls_ca?: string | null;
          readonly allow_cleartext?: boolean | null;
          readonly password?: string | null;
          readonly oauth?: {
            readonly access_token?: string;
            readonly token_url?: string;
            readonly client_id?: string;
            readonly client_secret?: string;
            readonly refresh_token?: string;
            readonly scope?: string;
          } | null;
          readonly folder?: string | null;
          readonly after_handling?: ('flag' | 'move' | 'delete' | 'leave') | null;
          readonly move_to?: string | null;
          readonly poll_interval_seconds?: number | null;
          readonly enabled?: boolean | null;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            /** @enum {string} */
            readonly scope: 'tenant' | 'account' | 'instance';
            readonly tenant_id: string | null;
            readonly account_id: string | null;
            readonly name: string;
            readonly host: string;
            readonly port: number;
            /** @enum {string} */
            readonly tls: 'implicit' | 'starttls' | 'none';
            readonly tls_ca: string | null;
            readonly allow_cleartext: boolean;
            readonly user: string;
            readonly has_password: boolean;
            readonly has_oauth: boolean;
            readonly folder: string;
            readonly purposes: readonly ('bounces' | 'pec')[];
            /** @enum {string} */
            readonly after_handling: 'flag' | 'move' | 'delete' | 'leave';
            readonly move_to: string | null;
            readonly poll_interval_seconds: number;
            readonly enabled: boolean;
            readonly version: number;
            readonly created_at: string;
            readonly updated_at: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'mailboxes.status': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly mailbox_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly mailbox_pk: string;
            /** @enum {string} */
            readonly condition: 'disabled' | 'no_reader' | 'new' | 'ok' | 'failing' | 'login_failed';
            readonly last_check_at: string | null;
            readonly last_ok_at: string | null;
            readonly next_check_at: string | null;
            readonly failures: number;
            readonly error: {
              readonly stage: string;
              readonly code: string;
              readonly message: string;
            } | null;
            readonly position: {
              readonly uidvalidity: number | null;
              readonly last_uid: number;
            };
            readonly counts: {
              readonly handled: number;
              readonly ignored: number;
              readonly repeated: number;
              readonly retrying: number;
              readonly set_aside: number;
            };
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'mailboxes.check': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly mailbox_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Accepted and on disk */
      readonly 202: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly checks_at: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'mailboxes.list-mails': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly state?: 'handled' | 'ignored' | 'retrying' | 'set_aside' | 'gone';
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly mailbox_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly pk: string;
              /** @enum {string} */
              readonly state: 'handled' | 'ignored' | 'retrying' | 'set_aside' | 'gone';
              readonly uidvalidity: number;
              readonly uid: number;
              readonly message_id: string | null;
              readonly received_at: string;
              readonly size_bytes: number;
              readonly attempts: number;
              readonly next_at: string | null;
              readonly error: string | null;
              readonly at: string;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'mailboxes.retry-mail': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly mailbox_id: string;
        readonly mail_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly pk: string;
            /** @enum {string} */
            readonly state: 'handled' | 'ignored' | 'retrying' | 'set_aside' | 'gone';
            readonly uidvalidity: number;
            readonly uid: number;
            readonly message_id: string | null;
            readonly received_at: string;
            readonly size_bytes: number;
            readonly attempts: number;
            readonly next_at: string | null;
            readonly error: string | null;
            readonly at: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'pec.list-receipts': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly message_id?: string;
        readonly type?:
          | 'accettazione'
          | 'non-accettazione'
          | 'presa-in-carico'
          | 'avvenuta-consegna'
          | 'errore-consegna'
          | 'preavviso-errore-consegna'
          | 'rilevazione-virus';
        readonly state?: 'matched' | 'unmatched' | 'refused';
        readonly verified?: boolean;
        readonly recipient?: string;
        readonly from?: string;
        readonly to?: string;
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly id: string;
              readonly tenant_id: string | null;
              /** @enum {string} */
              readonly state: 'matched' | 'unmatched' | 'refused';
              readonly why: string | null;
              readonly type:
                | (
                    | 'accettazione'
                    | 'non-accettazione'
                    | 'presa-in-carico'
                    | 'avvenuta-consegna'
                    | 'errore-consegna'
                    | 'preavviso-errore-consegna'
                    | 'rilevazione-virus'
                  )
                | null;
              readonly message_id: string | null;
              readonly pk: string | null;
              readonly reference: string | null;
              readonly recipient: string | null;
              readonly error: string | null;
              readonly error_detail: string | null;
              readonly status: string | null;
              readonly form: string | null;
              readonly identifier: string | null;
              readonly provider: string | null;
              readonly issued_at: string | null;
              readonly verified: boolean;
              readonly unverified_reason: string | null;
              readonly signer: string | null;
              readonly signer_fingerprint: string | null;
              readonly sha256: string;
              readonly size_bytes: number;
              readonly truncated: boolean;
              readonly received_at: string;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'pec.receive': {
    readonly parameters: {
      readonly query?: {
        /** @description With message/rfc822 */
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** @description As message/rfc822, the body is a complete message, which is sent as it is to the recipients in its header; what else is to be said stands in the query. */
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly mail_base64: string;
        };
        readonly 'message/rfc822': string;
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            /** @enum {string} */
            readonly kind: 'receipt' | 'forged' | 'transport' | 'anomaly' | 'other';
            readonly receipt: {
              readonly id: string;
              readonly tenant_id: string | null;
              /** @enum {string} */
              readonly state: 'matched' | 'unmatched' | 'refused';
              readonly why: string | null;
              readonly type:
                | (
                    | 'accettazione'
                    | 'non-accettazione'
                    | 'presa-in-carico'
                    | 'avvenuta-consegna'
                    | 'errore-consegna'
                    | 'preavviso-errore-consegna'
                    | 'rilevazione-virus'
                  )
                | null;
              readonly message_id: string | null;
              readonly pk: string | null;
              readonly reference: string | null;
              readonly recipient: string | null;
              readonly error: string | null;
              readonly error_detail: string | null;
              readonly status: string | null;
              readonly form: string | null;
              readonly identifier: string | null;
              readonly provider: string | null;
              readonly issued_at: string | null;
              readonly verified: boolean;
              readonly unverified_reason: string | null;
              readonly signer: string | null;
              readonly signer_fingerprint: string | null;
              readonly sha256: string;
              readonly size_bytes: number;
              readonly truncated: boolean;
              readonly received_at: string;
            } | null;
            readonly repeated: boolean;
            readonly events: readonly {
              readonly id: string;
              readonly type: string;
              readonly recipient: string | null;
              readonly is_new: boolean;
            }[];
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'pec.get-receipt': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly receipt_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly tenant_id: string | null;
            /** @enum {string} */
            readonly state: 'matched' | 'unmatched' | 'refused';
            readonly why: string | null;
            readonly type:
              | (
                  | 'accettazione'
                  | 'non-accettazione'
                  | 'presa-in-carico'
                  | 'avvenuta-consegna'
                  | 'errore-consegna'
                  | 'preavviso-errore-consegna'
                  | 'rilevazione-virus'
                )
              | null;
            readonly message_id: string | null;
            readonly pk: string | null;
            readonly reference: string | null;
            readonly recipient: string | null;
            readonly error: string | null;
            readonly error_detail: string | null;
            readonly status: string | null;
            readonly form: string | null;
            readonly identifier: string | null;
            readonly provider: string | null;
            readonly issued_at: string | null;
            readonly verified: boolean;
            readonly unverified_reason: string | null;
            readonly signer: string | null;
            readonly signer_fingerprint: string | null;
            readonly sha256: string;
            readonly size_bytes: number;
            readonly truncated: boolean;
            readonly received_at: string;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'pec.download-receipt': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly receipt_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The bytes as they are */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'message/rfc822': string;
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'pec.status': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly message_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly message_id: string;
            readonly pk: string;
            readonly tenant_id: string;
            readonly reference: string;
            readonly taken_at: string | null;
            readonly accepted_at: string | null;
            readonly refused_at: string | null;
            readonly acceptance_due_at: string | null;
            readonly timed_out_at: string | null;
            readonly recipients: readonly {
              readonly address: string;
              /** @enum {string} */
              readonly state: 'pending' | 'sent' | 'accepted' | 'relayed' | 'delivered' | 'failed' | 'external';
              readonly since: string | null;
              readonly reason: string | null;
              readonly receipt_id: string | null;
              readonly awaits: ('delivery_notice' | 'delivery') | null;
              readonly due_at: string | null;
              readonly timed_out_at: string | null;
            }[];
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'bounces.receive': {
    readonly parameters: {
      readonly query?: {
        /** @description With message/rfc822 */
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** @description As message/rfc822, the body is a complete message, which is sent as it is to the recipients in its header; what else is to be said stands in the query. */
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
          readonly mail_base64: string;
        };
        readonly 'message/rfc822': string;
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            /** @enum {string} */
            readonly kind:
              | 'bounce'
              | 'delay'
              | 'complaint'
              | 'success-dsn'
              | 'autoreply'
              | 'challenge'
              | 'mdn'
              | 'report'
              | 'other';
            readonly matched_by: ('return_path' | 'envelope_id' | 'message_id' | 'mail_id') | null;
            readonly unmatched: boolean;
            readonly events: readonly {
              readonly id: string;
              /** @enum {string} */
              readonly type: 'bounce' | 'complaint';
              readonly tenant_id: string;
              readonly pk: string;
              readonly message_id: string;
              readonly recipient: string;
              readonly is_new: boolean;
            }[];
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'bounces.list-unmatched': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly pk: string;
              readonly tenant_id: string | null;
              /** @enum {string} */
              readonly kind: 'bounce' | 'complaint';
              /** @enum {string} */
              readonly why: 'no_message' | 'no_recipient';
              readonly recipients: readonly {
                readonly address: string;
                readonly status: string | null;
                readonly reason: string | null;
              }[];
              readonly message_id: string | null;
              readonly reporting_mta: string | null;
              readonly received_at: string;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'bounces.settings': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly tenant_id: string;
            readonly enabled: boolean;
            readonly return_path_domain: string | null;
            readonly return_path_prefix: string;
            readonly per_recipient: boolean;
            readonly trust_unsigned_ids: boolean;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'bounces.remove-settings': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'bounces.update-settings': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly tenant_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly return_path_domain?: string | null;
          readonly return_path_prefix?: string | null;
          readonly per_recipient?: boolean | null;
          readonly trust_unsigned_ids?: boolean | null;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly tenant_id: string;
            readonly enabled: boolean;
            readonly return_path_domain: string | null;
            readonly return_path_prefix: string;
            readonly per_recipient: boolean;
            readonly trust_unsigned_ids: boolean;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'large-attachments.list': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
        readonly message_id?: string;
        readonly state?: 'live' | 'expired' | 'revoked';
        readonly limit?: number;
        readonly after?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly items: readonly {
              readonly id: string;
              readonly tenant_id: string;
              readonly message_id: string;
              readonly pk: string;
              readonly filename: string;
              readonly mime_type: string;
              readonly size_bytes: number;
              /** @enum {string} */
              readonly kind: 'own' | 'presigned';
              /** @enum {string} */
              readonly state: 'live' | 'expired' | 'revoked';
              readonly created_at: string;
              readonly expires_at: string;
              readonly revoked_at: string | null;
              readonly downloads: number;
              readonly first_downloaded_at: string | null;
              readonly last_downloaded_at: string | null;
            }[];
            readonly next: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'large-attachments.get': {
    readonly parameters: {
      readonly query?: {
        readonly tenant_id?: string;
      };
      readonly header?: never;
      readonly path: {
        readonly link_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly tenant_id: string;
            readonly message_id: string;
            readonly pk: string;
            readonly filename: string;
            readonly mime_type: string;
            readonly size_bytes: number;
            /** @enum {string} */
            readonly kind: 'own' | 'presigned';
            /** @enum {string} */
            readonly state: 'live' | 'expired' | 'revoked';
            readonly created_at: string;
            readonly expires_at: string;
            readonly revoked_at: string | null;
            readonly downloads: number;
            readonly first_downloaded_at: string | null;
            readonly last_downloaded_at: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
  readonly 'large-attachments.revoke': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly link_id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: {
      readonly content: {
        readonly 'application/json': {
          readonly tenant_id?: string;
        };
      };
    };
    readonly responses: {
      /** @description Done */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            readonly id: string;
            readonly tenant_id: string;
            readonly message_id: string;
            readonly pk: string;
            readonly filename: string;
            readonly mime_type: string;
            readonly size_bytes: number;
            /** @enum {string} */
            readonly kind: 'own' | 'presigned';
            /** @enum {string} */
            readonly state: 'live' | 'expired' | 'revoked';
            readonly created_at: string;
            readonly expires_at: string;
            readonly revoked_at: string | null;
            readonly downloads: number;
            readonly first_downloaded_at: string | null;
            readonly last_downloaded_at: string | null;
          };
        };
      };
      readonly default: components['responses']['Problem'];
    };
  };
}
