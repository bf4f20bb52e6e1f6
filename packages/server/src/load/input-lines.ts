/** Reads the lines of a batch file as the requests of a load. */
import { readBatchLine } from '@plumb/client';
import { readBatchFile } from '@plumb/client/node';

export interface InputLine {
  /** The path behind the base URL. */
  readonly path: string;
  /** Without a model where the line names none. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The most characters of all lines together: they are kept in memory. */
export const INPUT_CHARACTERS_MAX = 256 * 1024 * 1024;

const PATHS: readonly string[] = ['/chat/completions', '/completions'];
/** Stands for the model of a line without one until it is known. */
const NO_MODEL = '\u0000';

/**
 * Reads a file in the format of OpenAI's batches, or with lines such as `{"prompt": "Hi"}`.
 *
 * @throws Error whose message names the line that cannot be used.
 */
export async function readInputLines(path: string): Promise<InputLine[]> {
  const lines: InputLine[] = [];
  let characters = 0;
  for await (const source of readBatchFile(path).open()) {
    const read = 'problem' in source ? source.problem : readLine(source.value, source.line);
    if (typeof read === 'string') throw new Error(`Line ${source.line} of ${path} ${read}.`);
    lines.push(read.line);
    characters += read.characters;
    if (characters > INPUT_CHARACTERS_MAX) {
      throw new Error(`${path} has more characters than input_characters_max, which is ${INPUT_CHARACTERS_MAX}.`);
    }
  }
  if (lines.length === 0) throw new Error(`${path} has no lines.`);
  return lines;
}

function readLine(value: unknown, number: number): { line: InputLine; characters: number } | string {
  const request = readBatchLine(withoutStream(value), number, { shorthand: true, defaults: { model: NO_MODEL } });
  if (typeof request === 'string') return request;
  if (!PATHS.includes(request.path)) return `asks for ${request.path}, and only ${PATHS.join(' and ')} make a load`;
  const { model, ...rest } = JSON.parse(request.bodyText) as Record<string, unknown>;
  const body = model === NO_MODEL ? rest : { model, ...rest };
  return { line: { path: request.path, body }, characters: request.bodyText.length };
}

/** Whether a request streams is for the load to say, so lines that are recorded from real traffic may say it too. */
function withoutStream(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { stream: _, ...rest } = value as Record<string, unknown>;
  if (typeof rest.body !== 'object' || rest.body === null) return rest;
  const { stream: __, ...body } = rest.body as Record<string, unknown>;
  return { ...rest, body };
}
