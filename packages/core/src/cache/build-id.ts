/** Identity of the build that made a cached file: files of another build are never used. */

/** Hash of the sources that derived files depend on, set by the bundler. */
declare const __BUILD_ID__: string | undefined;

/** Undefined when running from sources, which may change between runs: nothing is cached then. */
export const BUILD_ID = typeof __BUILD_ID__ === 'undefined' ? undefined : __BUILD_ID__;
