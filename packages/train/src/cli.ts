#!/usr/bin/env node
/** The `synseg-train` command. */
export const placeholder = true;
