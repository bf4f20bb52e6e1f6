/** Reads single lines of a cassette, which may be anything: whoever wrote it, it is input. */
import { Compile, type Validator } from 'typebox/schema';
import { readBytes } from './bytes.js';
import { CassetteError } from './cassette-error.js';
import { CASSETTE_VERSION, ExchangeLine, VersionLine } from './lines.js';

/** Not imported by name, for the reason that `http/listen.ts` gives. */
const { validateHeaderName, validateHeaderValue } = process.getBuiltinModule('node:http');

/** What a line of a cassette says: an exchange, or nothing that can be replayed. */
export type ParsedLine = ExchangeLine | undefined;

/** Takes cassettes apart; schemas are compiled when the first line comes. */
export class LineParser {
  #exchange: Validator<typeof ExchangeLine> | undefined;

  /** @param place How the line is called: the file and its number. @throws CassetteError when it is no such line. */
  parse(text: string, place: string): ParsedLine {
    const value = parseJson(text, place);
    if ('skipped' in value || 'stopped' in value) return undefined;
    this.#exchange ??= Compile(ExchangeLine);
    if (!this.#exchange.Check(value)) throw wrong(place, describeFault(this.#exchange.Errors(value)[1]));
    checkExchange(value, place);
    return value;
  }
}

/** @throws CassetteError when the line is not the first one of a cassette of this version. */
export function parseVersionLine(text: string, path: string): VersionLine {
  const place = `${path}, line 1`;
  const value = parseJson(text, place);
  const version: unknown = value.plumb_cassette;
  if (version === undefined) throw new CassetteError(`${path} is no cassette: its first line does not say so.`);
  if (version !== CASSETTE_VERSION) {
    throw new CassetteError(
      `${path} is a cassette of version ${JSON.stringify(version)?.slice(0, 20)}; this Plumb reads version ${CASSETTE_VERSION}.`,
    );
  }
  const validator = Compile(VersionLine);
  if (!validator.Check(value)) throw wrong(place, describeFault(validator.Errors(value)[1]));
  return value;
}

function parseJson(text: string, place: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, without the text: it may hold anything.
  }
  throw wrong(place, 'it is no JSON object');
}

/** What the schema cannot say. */
function checkExchange({ request, response, end }: ExchangeLine, place: string): void {
  const { body, match } = request;
  const ways = [body?.json, body?.text ?? body?.base64, body?.bytes].filter((way) => way !== undefined);
  if (body !== undefined && ways.length !== 1)
    throw wrong(place, 'request.body must have one of json, text, base64, bytes');
  if (body?.bytes !== undefined && match === undefined) throw wrong(place, 'request.match is missing');
  if ((body?.text ?? body?.base64) !== undefined && readBytes(body ?? {}) === undefined) {
    throw wrong(place, 'request.body must be text or valid base64');
  }
  if (response === undefined && end.error === undefined) throw wrong(place, 'there is neither a response nor an error');
  if (response !== undefined) checkResponse(response, end.at, request.method, place);
}

function checkResponse(
  { at, status, headers, chunks }: NonNullable<ExchangeLine['response']>,
  endAt: number,
  method: string,
  place: string,
): void {
  const times = [at, ...chunks.map((chunk) => chunk.at), endAt];
  if (times.some((time, index) => time < (times[index - 1] ?? 0))) throw wrong(place, 'its times (at) go back');
  for (const [name, value] of headers) checkHeader(name, value, place);
  const sizes = chunks.map((chunk) => readBytes(chunk)?.length);
  const bad = sizes.indexOf(undefined);
  if (bad !== -1) throw wrong(place, `response.chunks.${bad} must have either text or valid base64`);
  const hasNoBody = method === 'HEAD' || status === 204 || status === 304;
  const size = sizes.reduce<number>((sum, length) => sum + (length ?? 0), 0);
  if (hasNoBody && size > 0) throw wrong(place, `an answer with status ${status} to ${method} has no body`);
  const said = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
  if (said !== undefined && !hasNoBody && size > Number(said)) {
    throw wrong(place, `content-length is ${said.slice(0, 20)} and the body has ${size} bytes`);
  }
}

function checkHeader(name: string, value: string, place: string): void {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw wrong(place, 'response.headers has a name or a value that no header can have');
  }
}

interface Fault {
  readonly instancePath: string;
  readonly message: string;
}

function describeFault(faults: readonly Fault[]): string {
  const [first] = faults;
  if (first === undefined) return 'it has another shape';
  const where = first.instancePath.slice(1).replaceAll('/', '.').slice(0, 80);
  return `${where === '' ? 'it' : where} ${first.message}`;
}

function wrong(place: string, what: string): CassetteError {
  return new CassetteError(`${place}: ${what.replace(/\.$/, '')}.`);
}
