/** Finds out what a chat template does with tools and calls, by letting it render some. */
import type { ArgumentTags, CallForm } from '../calls/call-form.js';
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
  const shows = (call: ProbeCall) => isWritten(render(turnsWith(call)) ?? '', form.argumentTags);
  const parsesArguments = shows({ content: '', arguments: { probe: 'value' } });
  const given = parsesArguments ? { probe: 'value' } : '{"probe": "value"}';
  const [empty, none] = ['', null].map((content) => render(turnsWith({ content, arguments: given })));
  return {
    takesSystem: render([{ role: 'system', content: 'probe' }, USER])?.includes('probe') ?? false,
    tellsTools: render([USER], [PROBE_TOOL])?.includes(PROBE_TOOL.function.name) ?? false,
    writesCalls: parsesArguments || shows({ content: '', arguments: given }),
    parsesArguments,
    hasNullContent: isShorter(none, empty),
    mustAlternate: render([USER]) !== undefined && render([USER, USER]) === undefined,
  };
}

const USER: TemplateMessage = { role: 'user', content: 'Hi' };

const PROBE_TOOL: TemplateTool = {
  type: 'function',
  function: { name: 'probe_tool', description: 'A probe.', parameters: { type: 'object', properties: {} } },
};

interface ProbeCall {
  readonly content: string | null;
  readonly arguments: unknown;
}

/** Of the length that every template takes. */
const PROBE_ID = 'probe0001';

function turnsWith({ content, arguments: given }: ProbeCall): TemplateMessage[] {
  const call = { id: PROBE_ID, type: 'function' as const, function: { name: 'probe', arguments: given } };
  return [
    USER,
    { role: 'assistant', content, tool_calls: [call] },
    { role: 'tool', content: 'Hi', tool_call_id: PROBE_ID, name: 'probe' },
  ];
}

/** Whether the arguments came out as the model writes them: not in quotes, nor as a dump of an object. */
function isWritten(rendered: string, tags: ArgumentTags | undefined): boolean {
  if (tags === undefined) return /"probe"\s*:\s*"value"/.test(rendered);
  return withoutSpace(rendered).includes(withoutSpace(writeArgument('probe', 'value', tags)));
}

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
