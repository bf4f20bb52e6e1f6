/** The servers that foreign clients are tried against, and what their scripted models say. */
import type { Script } from '../../support/gguf/scripts.js';
import { startPlumb, type TestServer } from '../../support/plumb.js';
import { type RefusingServer, startRefusingServer } from './refusing-server.js';

/** What the scripted models say. */
export const HELLO = 'Hello! This is the scripted test model speaking.';
export const THOUGHT = 'Let me think about that. Done thinking.';
export const BEFORE_CALL = 'I will look that up.';
export const AFTER_CALL = 'It is sunny in Paris today.';
/** The arguments of their calls, and the result that the tests' tool gives for them. */
export const CALLED_WITH = { city: 'Paris' };
export const TOOL_RESULT = 'Sunny, 24 degrees';
/** The object that one of them answers with, in words or as the arguments of a function of this name. */
export const REPORT = { city: 'Paris', weather: 'sunny', days: 3 };
export const REPORT_FUNCTION = 'Report';

export interface ScriptedServers {
  /** Says HELLO, and with `deepseek-reasoner` THOUGHT before it. */
  readonly hello: TestServer;
  /** Calls the first tool, and answers AFTER_CALL once it has a result. */
  readonly tools: TestServer;
  /** Answers with REPORT. */
  readonly reports: TestServer;
  readonly refusing: RefusingServer;
  stop(): Promise<void>;
}

export async function startScriptedServers(): Promise<ScriptedServers> {
  const [hello, tools, reports, refusing] = await Promise.all([
    startPlumb(),
    startPlumb({ script: 'toolLoop' }),
    startPlumb({ script: REPORTING }),
    startRefusingServer(),
  ]);
  const stop = async () => {
    await Promise.all([hello.stop(), tools.stop(), reports.stop(), refusing.stop()]);
  };
  return { hello, tools, reports, refusing, stop };
}

/** The script of a model that answers with REPORT. */
export const REPORTING: Partial<Script> = {
  answer: { text: JSON.stringify(REPORT), next: 'end', tokenBytes: 4 },
  toolCall: {
    text: JSON.stringify({ name: REPORT_FUNCTION, arguments: REPORT }),
    next: '</tool_call>',
    tokenBytes: 4,
  },
};

/** What a script in another process is told of the servers. */
export function describeServers({ hello, tools, reports, refusing }: ScriptedServers): string {
  const server = ({ url, key }: TestServer) => ({ base_url: `${url}/v1`, key });
  return JSON.stringify({
    hello: server(hello),
    tools: server(tools),
    reports: server(reports),
    refusing: refusing.refusals,
  });
}
