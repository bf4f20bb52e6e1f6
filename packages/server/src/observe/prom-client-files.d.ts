/** The files of prom-client that a server needs; prom-client declares the types of its index alone. */
declare module 'prom-client/lib/counter.js' {
  export { Counter as default } from 'prom-client';
}
declare module 'prom-client/lib/gauge.js' {
  export { Gauge as default } from 'prom-client';
}
declare module 'prom-client/lib/histogram.js' {
  export { Histogram as default } from 'prom-client';
}
declare module 'prom-client/lib/registry.js' {
  export { Registry as default } from 'prom-client';
}
declare module 'prom-client/lib/metrics/*' {
  import type { Registry } from 'prom-client';

  /** Makes the metrics of one kind in a registry. */
  export default function collect(registry: Registry, options?: { eventLoopMonitoringPrecision?: number }): void;
}
