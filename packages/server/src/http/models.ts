/** `GET /models` and `GET /models/{id}`: the catalogue as the contract shows it (section 1.4). */
import type { Handler } from './handler.js';

export const serveModels: Handler = ({ exchange, platform }) => {
  exchange.sendJson(200, JSON.stringify(platform.modelList()));
};

export const serveModel: Handler = ({ exchange, platform, id }) => {
  const entry = platform.catalog.find(id);
  exchange.sendJson(200, JSON.stringify(platform.describeModel(entry)));
};
