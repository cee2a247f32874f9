/** Which build of this package made a cached file: what another build made is never used. */

/** Hash of the sources that derived files depend on, set by the bundler. */
declare const __BUILD_ID__: string | undefined;

/** Undefined when running from sources, which change from one run to the next: nothing is cached then. */
export const BUILD_ID = typeof __BUILD_ID__ === 'undefined' ? undefined : __BUILD_ID__;
