/** The model's own chat template: turns messages into the text that the model was trained on. */
import { invalidRequest } from '@plumb/wire';
import type { CallForm } from '../calls/call-form.js';
import { detectCallForm } from '../calls/detect-form.js';
import type { TemplateTool } from '../calls/offered-tools.js';
import type { NativeModel } from '../native/native-model.js';
import type { TemplateMessage } from './template-messages.js';
import { probeTemplate, type TemplateHabits } from './template-probe.js';

/** The template of a model that brings none: ChatML, which most models without one were trained on. */
const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

export class ChatTemplate {
  readonly #render: (variables: Record<string, unknown>) => string;
  readonly #variables: Readonly<Record<string, unknown>>;
  /** Whether the model was trained to think before it answers: its template knows think blocks. */
  readonly thinksNatively: boolean;
  /** Whether the template itself can be told to think or not. */
  readonly hasThinkingSwitch: boolean;
  /** How the model writes calls of tools. */
  readonly callForm: CallForm;
  /** Whether the template has a form for calls of earlier turns and their results, if only one that is not known here. */
  readonly knowsCalls: boolean;
  /** What the template does with tools and calls. */
  readonly habits: TemplateHabits;

  /**
   * @param source The template in Jinja; ChatML when the model has none.
   * @throws Error when it is no valid template.
   */
  constructor(model: NativeModel, source: string | undefined) {
    const text = source ?? CHATML;
    this.#render = model.compileTemplate(text);
    this.#variables = { bos_token: model.beginText, eos_token: model.endText, add_generation_prompt: true };
    const probe = (form: CallForm) => probeTemplate((messages, tools) => this.#tryRender(messages, false, tools), form);
    this.callForm = detectCallForm(text, (form) => probe(form).writesCalls);
    this.habits = probe(this.callForm);
    this.knowsCalls = /\btool_call(?:s|_id)\b/.test(text);
    this.thinksNatively = text.includes('<think>') || text.includes('enable_thinking');
    this.hasThinkingSwitch = /\benable_thinking\b|\bthinking is (?:not )?defined\b/.test(text);
  }

  /**
   * Renders the prompt up to where the answer begins.
   *
   * @param tools For a template that knows tools.
   * @throws ApiError invalid_request with the template's own words when it refuses the messages.
   */
  render(messages: readonly TemplateMessage[], thinking: boolean, tools: readonly TemplateTool[] = []): string {
    try {
      return this.#tryRender(messages, thinking, tools);
    } catch (error) {
      throw invalidRequest(`The chat template of this model refuses the messages: ${wordsOf(error)}`);
    }
  }

  #tryRender(messages: readonly unknown[], thinking: boolean, tools: readonly TemplateTool[] = []): string {
    const given = tools.length === 0 ? {} : { tools };
    return this.#render({ ...this.#variables, ...given, messages, enable_thinking: thinking, thinking });
  }
}

/** What a template says with `raise_exception`, or else the last line of what the template engine says. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const raised = /Jinja Exception: ([\s\S]*)$/.exec(message);
  return (raised?.[1] ?? message.trim().split('\n').at(-1) ?? '').trim().slice(0, WORDS_CHARACTERS_MAX);
}

/** Templates repeat what they were given. */
const WORDS_CHARACTERS_MAX = 500;
