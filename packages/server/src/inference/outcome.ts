/** How an exchange ended. */
import type { ApiError } from '@plumb/wire';

export type Outcome =
  | { readonly kind: 'completed' }
  | { readonly kind: 'client_left' }
  | { readonly kind: 'failed'; readonly error: ApiError };
