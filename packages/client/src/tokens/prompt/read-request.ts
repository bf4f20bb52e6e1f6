/** Reads the body of a request in the dialects of chat completions, completions, embeddings, Anthropic and Responses. */
import { type Fields, isFields, readContent, readList, readText } from './read-content.js';
import { readItems } from './read-items.js';
import { readMessages } from './read-messages.js';
import type { Content, OfferedTool, Request, Turn } from './turns.js';

/** What a body says. Anything at all can be read; what is none of the dialects is one text. */
export function readRequest(body: unknown): Request {
  if (!isFields(body)) return readTexts(body);
  if (Array.isArray(body.messages)) return readChat(body, readMessages(body.messages));
  if (body.prompt !== undefined) return { ...readTexts(body.prompt), suffix: readText(body.suffix) };
  if (body.instructions !== undefined || readList(body.input).some(isFields))
    return readChat(body, readItems(body.input));
  if (body.input !== undefined) return readTexts(body.input);
  return readTexts(JSON.stringify(body));
}

function readChat(body: Fields, turns: readonly Turn[]): Request {
  const system = [body.system, body.instructions].map(readContent).filter(({ length }) => length > 0);
  const tools = readList(body.tools).filter(isFields).map(readTool);
  const schema = readSchema(body);
  const all = [...system.map((content): Turn => ({ role: 'system', content })), ...turns];
  return { kind: 'chat', turns: all, tools, ...(schema !== undefined && { schema }) };
}

function readTool(tool: Fields): OfferedTool {
  const described = isFields(tool.function) ? tool.function : tool;
  return {
    name: readText(described.name),
    description: readText(described.description),
    parameters: described.parameters ?? described.input_schema ?? {},
  };
}

/** The schema of `response_format`, or of `text.format` or `output_config.format` in the other dialects. */
function readSchema(body: Fields): unknown {
  const nested = [body.text, body.output_config].filter(isFields).map(({ format }) => format);
  const format = [body.response_format, ...nested].find(isFields);
  if (format === undefined) return undefined;
  return isFields(format.json_schema) ? format.json_schema.schema : format.schema;
}

/** One text or several, each a string or a list of token ids. */
function readTexts(value: unknown): Request & { kind: 'texts' } {
  if (typeof value === 'string') return { kind: 'texts', texts: [[value]] };
  const list = readList(value);
  const isOneOfIds = list.length > 0 && list.every((entry) => typeof entry === 'number');
  return { kind: 'texts', texts: isOneOfIds ? [[list.length]] : list.map(readEntry) };
}

function readEntry(entry: unknown): Content {
  if (typeof entry === 'string') return [entry];
  return [readList(entry).length];
}
