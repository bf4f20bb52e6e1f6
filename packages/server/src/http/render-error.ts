/** How an error looks on the wire: always our JSON envelope, or exactly what DeepSeek's gateway sends. */
import { type ApiError, type ErrorKind, errorBody } from '@plumb/wire';

/** `envelope`: every error is JSON. `deepseek`: plain texts and empty bodies where DeepSeek sends these. */
export type ErrorFormat = 'envelope' | 'deepseek';

export interface RenderedError {
  /** Undefined where the answer has no content type. */
  readonly contentType: string | undefined;
  readonly text: string;
}

/** What DeepSeek sends instead of the envelope (contract section 4.2): a bare message, or nothing. */
const PLAIN: Partial<Record<ErrorKind, { readonly contentType?: string; readonly empty?: true }>> = {
  credentials_missing: {},
  malformed_json: { contentType: 'application/octet-stream' },
  unsupported_media_type: { contentType: 'text/plain; charset=utf-8' },
  not_found: { empty: true },
  method_not_allowed: { empty: true },
};

/** What a gateway says whose server does not answer: nothing that an API would say. */
const GATEWAY_PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n';

export function renderError(error: ApiError, format: ErrorFormat): RenderedError {
  if (error.kind === 'bad_gateway') return { contentType: 'text/html', text: GATEWAY_PAGE };
  const plain = format === 'deepseek' ? PLAIN[error.kind] : undefined;
  if (plain === undefined) return { contentType: 'application/json', text: JSON.stringify(errorBody(error)) };
  return { contentType: plain.contentType, text: plain.empty === true ? '' : error.message };
}
