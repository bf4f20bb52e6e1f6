/** The chat templates of the test models: ChatML, with tools and think blocks, without, and with tools as Llama 3 has them. */

import { CALL_TEMPLATES, type CallStyle } from './call-templates.js';

/**
 * `thinking`: tools and think blocks are special tokens and known to the template. `plain`: neither, as in SmolLM2.
 * `llama`: a plain model whose template asks for calls that are nothing but a JSON object. The others: see
 * `call-templates.ts`.
 */
export type ChatStyle = 'thinking' | 'plain' | 'llama' | CallStyle;

/**
 * ChatML turns: `<|im_start|>`, role, line feed, content, `<|im_end|>`, line feed. The generation prompt is
 * `<|im_start|>assistant` and a line feed. A `thinking` model adds `<think>` to it when `enable_thinking` is true, lists
 * the tools as JSON in a system turn of their own at the top, and writes the calls of an assistant after its content;
 * reasoning of earlier turns is left out.
 */
export const CHAT_TEMPLATES: Record<ChatStyle, string> = {
  ...CALL_TEMPLATES,
  thinking: `
{%- if tools %}
  {{- '<|im_start|>system\\n# Tools\\n' }}
  {%- for tool in tools %}
    {{- (tool | tojson) + '\\n' }}
  {%- endfor %}
  {{- 'Call one with <tool_call>{"name": ..., "arguments": ...}</tool_call>.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
  {{- '<|im_start|>' + message.role + '\\n' + (message.content or '') }}
  {%- for call in message.tool_calls or [] %}
    {%- set input = call.function.arguments %}
    {{- '<tool_call>{"name": ' + (call.function.name | tojson) + ', "arguments": ' }}
    {{- (input if input is string else (input | tojson)) + '}</tool_call>' }}
  {%- endfor %}
  {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\\n' }}
  {%- if enable_thinking %}
    {{- '<think>' }}
  {%- endif %}
{%- endif %}`,
  plain: `
{%- for message in messages %}
  {{- '<|im_start|>' + message.role + '\\n' + (message.content or '') + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\\n' }}
{%- endif %}`,
  llama: `
{%- if tools %}
  {{- '<|im_start|>system\\nTo call a function, answer with {"name": function name, "parameters": its arguments}.\\n' }}
  {%- for tool in tools %}
    {{- (tool | tojson) + '\\n' }}
  {%- endfor %}
  {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
  {{- '<|im_start|>' + message.role + '\\n' + (message.content or '') }}
  {%- for call in message.tool_calls or [] %}
    {{- '{"name": "' + call.function.name + '", "parameters": ' + (call.function.arguments | tojson) + '}' }}
  {%- endfor %}
  {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\\n' }}
{%- endif %}`,
};

/** The token that ends a prompt whose last message is the result of a tool, in models that tell such prompts apart. */
export const AFTER_TOOL_TOKEN = '<|after_tool|>';

/** What comes behind the template in those models. */
export const AFTER_TOOL_TEMPLATE = `
{%- if add_generation_prompt and not enable_thinking and messages[-1].role == 'tool' %}
  {{- '${AFTER_TOOL_TOKEN}' }}
{%- endif %}`;
