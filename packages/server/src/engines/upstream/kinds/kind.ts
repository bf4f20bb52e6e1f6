/** What differs between the servers that speak the OpenAI format, as data: everything else of the adapter is the same. */
import type { ChatRequest } from '@plumb/wire';

/** One kind of server. */
export interface UpstreamKind {
  readonly name: string;
  /** The part of a request that says whether to think, and how much. */
  writeThinking(thinking: boolean, request: ChatRequest): object;
  /**
   * The part of a request that keeps its prefix cache apart from those of others. `scope` is the same for one account and
   * user, and says nothing about either. Empty where the server cannot do it.
   */
  writeCacheScope(scope: () => string): object;
  /** The part of a request whose last message is the beginning of the answer. */
  writePrefix(): object;
  /** Whether messages may have what only DeepSeek's API knows: `prefix`, the role `latest_reminder`. */
  readonly knowsContract: boolean;
  /** Whether earlier reasoning may be sent back as `reasoning_content`. */
  readonly takesReasoning: boolean;
  /** Where a delta has reasoning; the first field that holds a text counts. */
  readonly reasoningFields: readonly string[];
  /** How it is asked to continue a text. */
  readonly completions: {
    /** Whether it serves them under `/beta` in place of the version of its address. */
    readonly isBeta: boolean;
    /** Whether it fills the gap before a `suffix`, or refuses to; not to be asked where it would pass over it. */
    readonly knowsSuffix: boolean;
  };
  /** Whether comments or blank lines mean that it works on the answer, so that an idle time-out does not count them. */
  readonly sendsKeepAlives: boolean;
  /** Where it says that it is well, beside the path of the API; undefined where only the model list tells. */
  readonly healthPath: string | undefined;
  /** Where an entry of the model list says how many tokens the context has: paths of keys, the first number counts. */
  readonly contextFields: readonly (readonly string[])[];
  /** Whether it answers only to the names of its model list. */
  readonly checksModelNames: boolean;
}

/** Both names that chat templates give to the switch; the one that a template does not know has no effect. */
export function templateSwitches(thinking: boolean, request: ChatRequest): object {
  const effort = thinking ? effectiveEffort(request) : undefined;
  const switches = { thinking, enable_thinking: thinking };
  return { chat_template_kwargs: effort === undefined ? switches : { ...switches, reasoning_effort: effort } };
}

/** How much to think, when the request says it: `low`, `high` or `max` (contract section 7). */
export function effectiveEffort({ reasoning_effort: effort }: ChatRequest): 'low' | 'high' | 'max' | undefined {
  if (effort === undefined || effort === null || effort === 'none') return undefined;
  if (effort === 'low' || effort === 'minimal') return 'low';
  return effort === 'max' || effort === 'ultra' ? 'max' : 'high';
}
