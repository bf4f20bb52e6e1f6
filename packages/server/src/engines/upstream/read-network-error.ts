/** Why a connection did not come about or did not last, in words for the operator. */
import { engineFailure, type UpstreamFailure } from './failure.js';

/** What is known of errors by their codes. */
const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address; start the engine or mend `url`',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  ENOTFOUND: 'its name is not known; mend `url` or the name service',
  EAI_AGAIN: 'its name could not be looked up for the moment',
  EHOSTUNREACH: 'its machine cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: 'the connection was not made in time',
  UND_ERR_CONNECT_TIMEOUT: 'the connection was not made in time',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of its answer are too large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'its answer has another length than it says',
};

/** Codes of OpenSSL and of Node's checks of certificates. */
const TLS_CODE = /^(?:ERR_SSL|ERR_TLS|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

export function readNetworkError(error: Error): UpstreamFailure {
  if (error.name === 'HTTPParserError') return engineFailure('what it answered is no HTTP; check `url` of this engine');
  const code = codeOf(error);
  if (code === undefined) return engineFailure(error.message.replace(/\.$/, ''));
  const sentence = SENTENCES[code];
  if (sentence !== undefined) return engineFailure(`${sentence} (${code})`);
  if (TLS_CODE.test(code)) return engineFailure(`no secure connection could be made; check its certificate (${code})`);
  return engineFailure(`the connection failed (${code})`);
}

/** The code of an error, or of the first one that it holds: a name with several addresses fails with all of them. */
function codeOf(error: Error): string | undefined {
  if ('code' in error && typeof error.code === 'string') return error.code;
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner instanceof Error ? codeOf(inner) : undefined;
}
