/** The longest CEL expression, in characters: many times what a person writes. */
export const MAXIMUM_EXPRESSION_CHARACTERS = 4_096;

/** What the parser takes. CEL's own minimums are higher, and made for machines. */
export const PARSER_LIMITS = {
  maxAstNodes: 500,
  maxDepth: 40,
  maxListElements: 200,
  maxMapEntries: 100,
  maxCallArguments: 4,
} as const;

/** Macros within macros: each level multiplies the cost by the length of a list. */
export const MAXIMUM_MACRO_NESTING = 2;

/** The longest regular expression in bytes, and the largest when compiled: `(\pL{500}){2}` is short and is not small. */
export const MAXIMUM_PATTERN_BYTES = 512;
export const MAXIMUM_PATTERN_INSTRUCTIONS = 512;

/** All patterns of an expression or template: compiling this many takes 20 ms, and happens again wherever the route is loaded. */
export const MAXIMUM_INSTRUCTIONS_TOGETHER = 2_000;

/** Never read, at any level: a route that names one of them is a mistake or an attempt. */
export const forbiddenKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
