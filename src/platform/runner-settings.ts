import { z } from "zod";

const count = z.number().int().positive();

/** What an argument of a command may name, in braces. */
export const placeholders = [
  "task",
  "instructions",
  "parameters",
  "model",
  "agent",
  "task_id",
  "session_id",
  "session_dir",
  "task_file",
  "attempt",
  "agent_session_id",
] as const;

/** The name of a value that the hub puts into an argument. */
export type Placeholder = (typeof placeholders)[number];

const placeholderForm = /\{(\w+)\}/g;
// What somebody else wrote: at the beginning of an argument, `--config=…` would be an option to the command.
const foreignStart = /^\{(task|instructions)\}/;

const templates = z
  .array(z.string().max(10_000))
  .max(100)
  .superRefine((args, ctx) => {
    for (const [index, arg] of args.entries()) {
      for (const [, name = ""] of arg.matchAll(placeholderForm))
        if (!placeholders.some((known) => known === name))
          ctx.addIssue({
            code: "custom",
            path: [index],
            message: `names {${name}}; there are ${placeholders.join(", ")}`,
          });
      if (foreignStart.test(arg) && !args.slice(0, index).includes("--"))
        ctx.addIssue({
          code: "custom",
          path: [index],
          message:
            "begins with text that could begin with a dash: write --flag={task} as one argument, or put -- before it",
        });
      if (arg.includes("\u0000")) ctx.addIssue({ code: "custom", path: [index], message: "must not contain NUL" });
    }
  });

const command = z.strictObject({
  command: z.string().min(1).max(4096).describe("A program's path, or its name on the hub's PATH."),
  args: templates.default([]),
  /** Instead of `args` when one of these would have more than 64 KiB. */
  largeArgs: templates.optional(),
  /** Instead of `args` in a session in which the command has told its own session's id before. */
  resumeArgs: templates.optional(),
  /** Names of the hub's own variables that the command gets besides PATH, HOME, LANG, TZ and the like. */
  env: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, "must be the name of a variable"))
    .max(100)
    .default([]),
  cwd: z.string().min(1).max(4096).optional(),
  adapter: z.enum(["generic", "claude", "codex"]).default("generic"),
  /** `json`: the whole task as one line; `text`: instructions and input. Absent: what the adapter's command reads. */
  stdin: z.enum(["json", "text", "none"]).optional(),
  /** Less than the agent's own limit. */
  timeoutSeconds: count.optional(),
});

/** How the hub does tasks itself: `runners` in the settings. */
export const runnerSettings = z.strictObject({
  slots: count.max(1000),
  agentSlots: count.max(1000),
  heartbeatSeconds: z.number().positive().max(60),
  process: z.strictObject({
    directory: z.string().min(1).optional(),
    graceSeconds: z.number().min(0).max(60).default(5),
    lineLimitBytes: count.default(1_048_576),
    outputLimitBytes: count.default(67_108_864),
    maxEvents: count.default(10_000),
    keepDays: z.number().positive().default(30),
    commands: z.record(z.string().min(1).max(100), command).default({}),
  }),
});

/** A command that an agent may run. */
export type CommandSettings = z.infer<typeof command>;
