/**
 * Chat templates that teach the forms of calls beside those of Hermes and Llama: the markers, the places and the refusals
 * of real ones, in words of our own. Turns end with `eos_token`.
 */

/**
 * `mistral`: a list of calls, up to Small 3.1. `ministral`: names first, from Small 3.2 on. `deepseek`: V3 and R1.
 * `deepseek31`: V3.1. `dsml`: V3.2. `coder`: Qwen3-Coder. `glm`: GLM 4.5 and later.
 */
export type CallStyle = 'mistral' | 'ministral' | 'deepseek' | 'deepseek31' | 'dsml' | 'coder' | 'glm';

const DEEPSEEK_MARKERS = [
  ...['calls▁begin', 'calls▁end', 'call▁begin', 'call▁end', 'sep', 'output▁begin', 'output▁end'].map(
    (name) => `<｜tool▁${name}｜>`,
  ),
  ...['<｜User｜>', '<｜Assistant｜>'],
];

/** The markers that are control tokens in models of each style. */
export const CALL_MARKERS: Record<CallStyle, readonly string[]> = {
  mistral: ['[TOOL_CALLS]', '[TOOL_RESULTS]', '[/TOOL_RESULTS]', '[AVAILABLE_TOOLS]', '[/AVAILABLE_TOOLS]'],
  ministral: ['[TOOL_CALLS]', '[ARGS]', '[CALL_ID]', '[TOOL_CONTENT]', '[TOOL_RESULTS]', '[/TOOL_RESULTS]'],
  deepseek: DEEPSEEK_MARKERS,
  deepseek31: DEEPSEEK_MARKERS,
  dsml: ['｜DSML｜'],
  coder: ['<tool_call>', '</tool_call>'],
  glm: ['<tool_call>', '</tool_call>', '<arg_key>', '</arg_key>', '<arg_value>', '</arg_value>'],
};

/** Tools are only shown with the last message of the user; ids have nine characters; users and assistants take turns. */
function mistral(tools: string, calls: string, result: string): string {
  return `
{%- set asked = messages | selectattr('role', 'equalto', 'user') | list %}
{%- set turns = namespace(count=0) %}
{%- for message in messages %}
  {%- if message.role == 'user' or (message.role == 'assistant' and not message.tool_calls) %}
    {%- if (message.role == 'user') != (turns.count % 2 == 0) %}
      {{- raise_exception('Users and assistants have to take turns.') }}
    {%- endif %}
    {%- set turns.count = turns.count + 1 %}
  {%- endif %}
  {%- if message.role == 'user' %}
    {%- if tools and message == asked[-1] %}
      {{- ${tools} }}
    {%- endif %}
    {{- '[INST]' + message.content + '[/INST]' }}
  {%- elif message.tool_calls %}
    {%- for call in message.tool_calls %}
      {%- if call.id | length != 9 %}
        {{- raise_exception('Ids of calls have nine letters and digits.') }}
      {%- endif %}
    {%- endfor %}
    ${calls}
    {{- eos_token }}
  {%- elif message.role == 'assistant' %}
    {{- message.content + eos_token }}
  {%- elif message.role == 'tool' %}
    ${result}
  {%- else %}
    {{- raise_exception('Only users, assistants and tools have a say.') }}
  {%- endif %}
{%- endfor %}`;
}

/** Knows calls and results, and does not tell of tools. */
function deepseek(begin: string, end: string, emptyTurn: string): string {
  return `
{%- for message in messages if message.role == 'system' %}
  {{- message.content }}
{%- endfor %}
{%- for message in messages %}
  {%- if message.role == 'user' %}
    {{- '<｜User｜>' + message.content }}
  {%- elif message.role == 'tool' %}
    {{- '<｜tool▁output▁begin｜>' + message.content + '<｜tool▁output▁end｜>' }}
  {%- elif message.role == 'assistant' %}
    {%- for call in message.tool_calls or [] %}
      {%- if loop.first %}
        {{- '<｜Assistant｜><｜tool▁calls▁begin｜>' }}
      {%- endif %}
      {{- '<｜tool▁call▁begin｜>' + ${begin} + call.function.arguments + ${end} }}
      {%- if loop.last %}
        {{- '<｜tool▁calls▁end｜>' + eos_token }}
      {%- endif %}
    {%- endfor %}
    {%- if ${emptyTurn} %}
      {{- '<｜Assistant｜>' + message.content + eos_token }}
    {%- endif %}
  {%- endif %}
{%- endfor %}
{%- if add_generation_prompt and messages[-1].role != 'tool' %}
  {{- '<｜Assistant｜>' }}
{%- endif %}`;
}

/** ChatML with one tag for each argument. */
function tagged(explained: string, before: string, argument: string, after: string): string {
  return `
{%- if tools %}
  {{- '<|im_start|>system\\n' }}
  {%- for tool in tools %}
    {{- (tool | tojson) + '\\n' }}
  {%- endfor %}
  {{- ${explained} + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
  {{- '<|im_start|>' + message.role + '\\n' + (message.content or '') }}
  {%- for call in message.tool_calls or [] %}
    ${before}
    {%- for key, value in call.function.arguments.items() %}
      {%- set written = value if value is string else (value | tojson) %}
      {{- ${argument} }}
    {%- endfor %}
    ${after}
  {%- endfor %}
  {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\\n' }}
{%- endif %}`;
}

const LISTED_CALLS = `{{- '[TOOL_CALLS] [' }}
    {%- for call in message.tool_calls %}
      {{- (call.function | tojson)[:-1] + ', "id": "' + call.id + '"}' + (']' if loop.last else ', ') }}
    {%- endfor %}`;

const NAMED_CALLS = `{%- for call in message.tool_calls %}
      {%- set input = call.function.arguments %}
      {{- '[TOOL_CALLS]' + call.function.name + '[CALL_ID]' + call.id }}
      {{- '[ARGS]' + (input if input is string else (input | tojson)) }}
    {%- endfor %}`;

const DSML_EXPLAINED = `'<｜DSML｜function_calls>\\n<｜DSML｜invoke name="f">\\n<｜DSML｜parameter name="k" string="true|false">...'`;

export const CALL_TEMPLATES: Record<CallStyle, string> = {
  mistral: mistral(
    "'[AVAILABLE_TOOLS] ' + (tools | tojson) + '[/AVAILABLE_TOOLS]'",
    LISTED_CALLS,
    `{{- '[TOOL_RESULTS] {"content": ' + message.content + ', "call_id": "' + message.tool_call_id + '"}[/TOOL_RESULTS]' }}`,
  ),
  ministral: mistral(
    "'[AVAILABLE_TOOLS]' + (tools | tojson) + '[/AVAILABLE_TOOLS]'",
    NAMED_CALLS,
    "{{- '[TOOL_RESULTS]' + message.tool_call_id + '[TOOL_CONTENT]' + message.content + '[/TOOL_RESULTS]' }}",
  ),
  deepseek: deepseek(
    "call.type + '<｜tool▁sep｜>' + call.function.name + '\\n```json\\n'",
    "'\\n```<｜tool▁call▁end｜>'",
    'message.content is not none',
  ),
  deepseek31: deepseek(
    "call.function.name + '<｜tool▁sep｜>'",
    "'<｜tool▁call▁end｜>'",
    'message.content and not message.tool_calls',
  ),
  dsml: tagged(
    DSML_EXPLAINED,
    `{{- '\\n\\n<｜DSML｜function_calls>\\n' if loop.first else '\\n' }}
    {{- '<｜DSML｜invoke name="' + call.function.name + '">\\n' }}`,
    `'<｜DSML｜parameter name="' + key + '" string="' + ('true' if value is string else 'false') + '">' + written
        + '</｜DSML｜parameter>\\n'`,
    `{{- '</｜DSML｜invoke>' }}
    {{- '\\n</｜DSML｜function_calls>' if loop.last else '' }}`,
  ),
  coder: tagged(
    "'<tool_call>\\n<function=f>\\n<parameter=k>\\nvalue\\n</parameter>\\n</function>\\n</tool_call>'",
    "{{- '\\n<tool_call>\\n<function=' + call.function.name + '>\\n' }}",
    "'<parameter=' + key + '>\\n' + written + '\\n</parameter>\\n'",
    "{{- '</function>\\n</tool_call>' }}",
  ),
  glm: tagged(
    "'<tool_call>{name}\\n<arg_key>{key}</arg_key>\\n<arg_value>{value}</arg_value>\\n</tool_call>'",
    "{{- '\\n<tool_call>' + call.function.name + '\\n' }}",
    "'<arg_key>' + key + '</arg_key>\\n<arg_value>' + written + '</arg_value>\\n'",
    "{{- '</tool_call>' }}",
  ),
};
