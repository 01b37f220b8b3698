import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { InvalidError } from "../lib/errors.ts";
import { runnerSettings } from "./runner-settings.ts";

const positive = z.number().positive();
const count = z.number().int().positive();

const settingsSchema = z.strictObject({
  database: z.strictObject({ poolSize: count.min(4), startWaitSeconds: z.number().min(0) }),
  inbound: z.strictObject({
    bodyLimitBytes: count,
    rateLimitPerSecond: count,
    headersTimeoutSeconds: positive,
    requestTimeoutSeconds: positive,
    dedupeWindowHours: positive,
    maxBatch: count.max(1000),
    concurrentBatches: count.max(8),
    maxWaiting: count,
    maxWaitingBytes: count,
  }),
  api: z.strictObject({
    bodyLimitBytes: count,
    rateLimitPerSecond: count,
    failedAuthenticationsPerMinute: count,
    trustedProxyHops: z.number().int().min(0),
    idempotencyHours: positive,
  }),
  tasks: z.strictObject({
    leaseSeconds: count,
    timeoutSeconds: count,
    maxAttempts: count,
    retryBaseSeconds: positive,
    retryMaxSeconds: positive,
    artifactLimitBytes: count,
    sweepIntervalSeconds: positive,
  }),
  deliveries: z.strictObject({
    slots: count,
    endpointConcurrency: count,
    timeoutSeconds: count,
    claimSlackSeconds: count,
    retryScheduleSeconds: z.array(positive).max(50),
    responseLimitBytes: count,
    promoteIntervalSeconds: positive,
    failingAfterAttempts: count,
    disableAfterHours: positive,
    breakerFailures: count,
    breakerSeconds: positive,
    breakerMaxSeconds: positive,
    endpointVerification: z.enum(["none", "challenge", "options"]),
    holdDays: positive,
    statsDays: positive,
  }),
  retention: z.strictObject({ days: count }),
  artifacts: z.strictObject({ store: z.enum(["postgres", "disk"]), directory: z.string().min(1).optional() }),
  runners: runnerSettings,
  a2a: z.strictObject({ publishSkills: z.boolean() }),
  outbound: z.strictObject({
    allowHttp: z.boolean(),
    allowedPorts: z.array(z.number().int().min(1).max(65535)).max(100),
    proxyUrl: z.url({ protocol: /^http$/, error: "must be an http URL such as http://proxy.internal:3128" }).nullable(),
  }),
  shutdown: z.strictObject({ deadlineSeconds: positive }),
});

const environmentSchema = z.object({
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, "must be a port number")
    .transform(Number)
    .pipe(z.number().max(65535))
    .default(3000),
  HOST: z.string().min(1).optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "must begin with postgres:// or postgresql://")
    .optional(),
  HOOKYARD_DATA_DIR: z.string().min(1).default(".hookyard"),
  HOOKYARD_ADMIN_KEY: z
    .string()
    .min(32, "must have at least 32 characters")
    .regex(/^[!-~]*$/, "must have no spaces and nothing beyond ASCII: it is sent in a header")
    .optional(),
  HOOKYARD_MASTER_KEY: z.string().min(1).optional(),
  HOOKYARD_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  HOOKYARD_DELIVERY_ALLOW: z.string().default(""),
  HOOKYARD_CONFIG: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

/** The tunables of `config/default.yaml`. */
export type Settings = z.infer<typeof settingsSchema>;

// Before what is left out has its default.
type GivenSettings = z.input<typeof settingsSchema>;

/** Everything the hub is told from outside, validated. */
export interface Config extends Settings {
  readonly port: number;
  readonly host: string;
  /** Absent: the embedded Postgres below `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly adminKey: string | undefined;
  readonly masterKey: string | undefined;
  /** Where senders reach the hub, without a trailing slash; absent: the address it listens on. */
  readonly publicUrl: string | undefined;
  /** CIDRs, comma-separated, that outbound calls may reach although they are private. */
  readonly deliveryAllow: string;
  readonly logLevel: string;
}

/** A deep partial of the settings: what an override file or a test changes. */
export type SettingsOverride = { readonly [Section in keyof GivenSettings]?: Partial<GivenSettings[Section]> };

const defaultFile = fileURLToPath(new URL("../../config/default.yaml", import.meta.url));

function validate<Output>(schema: z.ZodType<Output>, input: unknown, where: string): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) => {
    const path = issue.path.join(".");
    const keys = issue.code === "unrecognized_keys" ? issue.keys : [""];
    return keys.map((key) => ({ path: [path, key].filter((part) => part !== "").join("."), message: issue.message }));
  });
  const listed = errors.map((error) => `${error.path}: ${error.message}`).join("; ");
  throw new InvalidError(`${where} is not valid: ${listed}`, errors, "bad_config");
}

function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    // The first line says what and where; the rest of a YAML error draws it.
    const [why = ""] = error instanceof Error ? error.message.split("\n") : [];
    const message = `cannot be read: ${why}`;
    throw new InvalidError(`The settings file ${file} ${message}`, [{ path: file, message }], "bad_config");
  }
}

function readSettings(file: string): Record<string, object> {
  const content = readYaml(file);
  return validate(z.record(z.string(), z.record(z.string(), z.unknown())), content ?? {}, file);
}

/**
 * Reads the environment, `config/default.yaml` and the file that HOOKYARD_CONFIG names, in this order of strength from
 * weakest: default file, override file, `override`. Throws InvalidError naming each unknown or bad key.
 */
export function loadConfig(
  environment: Readonly<Record<string, string | undefined>>,
  override: SettingsOverride = {},
): Config {
  // An empty variable, as compose files pass on, means "not set".
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const env = validate(environmentSchema, present, "the environment");
  const layers = [readSettings(defaultFile)];
  if (env.HOOKYARD_CONFIG !== undefined) layers.push(readSettings(env.HOOKYARD_CONFIG));
  layers.push(override);
  const merged: Record<string, object> = {};
  for (const layer of layers)
    for (const [section, values] of Object.entries(layer)) merged[section] = { ...merged[section], ...values };
  return {
    ...validate(settingsSchema, merged, "the configuration"),
    port: env.PORT,
    host: env.HOST ?? (env.DATABASE_URL === undefined ? "127.0.0.1" : "0.0.0.0"),
    databaseUrl: env.DATABASE_URL,
    dataDir: env.HOOKYARD_DATA_DIR,
    adminKey: env.HOOKYARD_ADMIN_KEY,
    masterKey: env.HOOKYARD_MASTER_KEY,
    publicUrl: env.HOOKYARD_PUBLIC_URL?.replace(/\/+$/, ""),
    deliveryAllow: env.HOOKYARD_DELIVERY_ALLOW,
    logLevel: env.LOG_LEVEL,
  };
}
