/** Execution providers by the name users give; apart from the runtime, so that callers' threads never load it. */
export const PROVIDERS = ['cpu', 'cuda', 'webgpu', 'coreml', 'dml'] as const;

/** One of {@link PROVIDERS}. */
export type Provider = (typeof PROVIDERS)[number];
