/** The one file of undici that an engine needs; undici declares the types of its index alone. */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export default Pool;
}
