/** Finds out what a chat template does with tools and calls, by letting it render some. */
import type { CallForm } from '../calls/call-form.js';
import { writeMarkup } from '../calls/markup.js';
import type { TemplateTool } from '../calls/offered-tools.js';
import { writeArgument } from '../calls/write-call.js';
import type { TemplateMessage } from './template-messages.js';

/** What of a template depends on how it was written. */
export interface TemplateHabits {
  /** Whether it takes a system message. */
  readonly takesSystem: boolean;
  /** Whether it tells the model of tools. */
  readonly tellsTools: boolean;
  /** Whether it writes calls of earlier turns. */
  readonly writesCalls: boolean;
  /** Whether it wants the arguments of calls as objects rather than as text. */
  readonly parsesArguments: boolean;
  /** Whether calls with an empty content are followed by an empty message. */
  readonly hasNullContent: boolean;
  /** Whether it refuses two messages of a user in a row. */
  readonly mustAlternate: boolean;
}

/** Renders messages. Throws what the template throws. */
export type TryRender = (messages: readonly TemplateMessage[], tools?: readonly TemplateTool[]) => string;

export function probeTemplate(tryRender: TryRender, form: CallForm): TemplateHabits {
  /** What comes out, or undefined when the template refuses. */
  const render: (...given: Parameters<TryRender>) => string | undefined = (messages, tools) => {
    try {
      return tryRender(messages, tools);
    } catch {
      return undefined;
    }
  };
  const shows = (content: string | null, given: unknown) => isWritten(render(turnsWith(content, given)) ?? '', form);
  const parsesArguments = shows('', OBJECT) || shows(null, OBJECT);
  const given = parsesArguments ? OBJECT : TEXT;
  const writesEmpty = shows('', given);
  const writesNone = shows(null, given);
  return {
    takesSystem: render([{ role: 'system', content: 'probe' }, USER])?.includes('probe') ?? false,
    tellsTools: render([USER], [PROBE_TOOL])?.includes(PROBE_TOOL.function.name) ?? false,
    writesCalls: writesEmpty || writesNone,
    parsesArguments,
    hasNullContent:
      writesNone && (!writesEmpty || isShorter(render(turnsWith(null, given)), render(turnsWith('', given)))),
    mustAlternate: render([USER]) !== undefined && render([USER, USER]) === undefined,
  };
}

/** The arguments of a call, as an object and as text. */
const OBJECT = { probe: 'value' };
const TEXT = '{"probe": "value"}';

const USER: TemplateMessage = { role: 'user', content: 'Hi' };

const PROBE_TOOL: TemplateTool = {
  type: 'function',
  function: { name: 'probe_tool', description: 'A probe.', parameters: { type: 'object', properties: {} } },
};

/** Of the length that every template takes. */
const PROBE_ID = 'probe0001';

function turnsWith(content: string | null, given: unknown): TemplateMessage[] {
  const call = { id: PROBE_ID, type: 'function' as const, function: { name: 'probe', arguments: given } };
  return [
    USER,
    { role: 'assistant', content, tool_calls: [call] },
    { role: 'tool', content: 'Hi', tool_call_id: PROBE_ID, name: 'probe' },
  ];
}

/**
 * Whether a call came out as the model writes it: its arguments not in quotes, nor as a dump of an object, and right
 * behind its opening. A form that is not known here is only looked at for its arguments.
 */
function isWritten(rendered: string, { opening, argumentTags: tags, isNative }: CallForm): boolean {
  const text = withoutSpace(rendered);
  const written = tags === undefined ? '"probe":"value"' : withoutSpace(writeArgument('probe', 'value', tags));
  const place = text.lastIndexOf(written);
  if (place === -1 || !isNative) return place !== -1;
  return text.slice(Math.max(0, place - HEAD_CHARACTERS_MAX), place).includes(withoutSpace(writeMarkup(opening)));
}

/** What stands between an opening and the arguments is shorter. */
const HEAD_CHARACTERS_MAX = 160;

function withoutSpace(text: string): string {
  return text.replace(/\s/g, '');
}

/** Some templates print a content that is none as a word. */
function isShorter(none: string | undefined, empty: string | undefined): boolean {
  if (none === undefined || empty === undefined || wordsFor(none) > wordsFor(empty)) return false;
  return none.length < empty.length;
}

function wordsFor(text: string): number {
  return text.match(/none|null/gi)?.length ?? 0;
}
