/** A server that lets every request ask for its fault, and counts requests by key. */

import { TalkingEngine } from '../../injected-faults/support/talking-engine.js';
import { startPlumb, type TestServer } from '../../support/plumb.js';

export interface FaultServer {
  readonly plumb: TestServer;
  /** With `/v1`. */
  readonly baseUrl: string;
  /** How many requests a key has sent, by its id. */
  attemptsOf(keyId: string): number;
}

export async function startFaultServer(): Promise<FaultServer> {
  const plumb = await startPlumb({
    engine: new TalkingEngine(),
    settings: { faults: { allow_header: true, rules: {} }, default_tier: 'unlimited' },
  });
  const sent = new Map<string, number>();
  const { authenticator } = plumb.server.platform;
  const authenticate = authenticator.authenticate.bind(authenticator);
  // A request is counted when it comes, not when it ends: one that its client gave up has not ended yet.
  authenticator.authenticate = (headers) => {
    const caller = authenticate(headers);
    void Promise.resolve(caller).then(
      ({ key }) => sent.set(key.id, (sent.get(key.id) ?? 0) + 1),
      () => {},
    );
    return caller;
  };
  return { plumb, baseUrl: `${plumb.url}/v1`, attemptsOf: (id) => sent.get(id) ?? 0 };
}

/** A key of the first account. */
export async function createKey({ plumb }: FaultServer): Promise<{ readonly id: string; readonly key: string }> {
  const { keys } = plumb.server.platform.administration;
  const { key, apiKey } = await keys.create({ account: plumb.account.id }, 'test');
  return { id: apiKey.id, key };
}
