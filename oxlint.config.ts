import { defineConfig, type OxlintOverride } from "oxlint";

// The layers of src/, from the ground up (README, "How the code is laid out"). A folder imports what stands below it.
const ground = ["lib", "platform", "access"];

// The stages in the order in which an event passes through them. A stage calls later ones, since it must commit together
// with them; of an earlier one it reads the stores, the caches, the names of the queues and the types.
const stages = [
  "sources",
  "events",
  "schedules",
  "routing",
  "agents",
  "tasks",
  "budgets",
  "messages",
  "endpoints",
  "deliveries",
  "analytics",
  "trace",
  "stream",
];

// What a filter of documents is made of is pure, and asks for nothing of its stage.
const readable = ["store", "*-store", "*-cache", "*-queue", "*-filter", "usage", "providers/catalogue"];

const vendors = {
  express: ["express", "helmet", "express-rate-limit"],
  postgres: ["pg", "pg-boss"],
  kysely: ["kysely", "kysely/migration"],
};

interface Restriction {
  readonly group: string[];
  readonly message: string;
  readonly allowTypeImports?: boolean;
}

function banFolders(folders: readonly string[], message: string): Restriction[] {
  return folders.length === 0 ? [] : [{ group: folders.map((folder) => `**/${folder}/**`), message }];
}

function layer(
  files: string[],
  banned: readonly Restriction[],
  allowed: readonly (keyof typeof vendors)[] = [],
): OxlintOverride {
  const paths = Object.entries(vendors)
    .filter(([vendor]) => !allowed.some((known) => known === vendor))
    .flatMap(([vendor, names]) =>
      names.map((name) => ({
        name,
        message: `belongs to ${vendor === "express" ? "http/" : "platform/"}.`,
        allowTypeImports: vendor === "kysely",
      })),
    );
  return { files, rules: { "no-restricted-imports": ["error", { paths, patterns: [...banned] }] } };
}

const edges: Restriction = {
  group: ["**/hub.ts", "**/background.ts", "**/main.ts"],
  message: "the composition root stands above everything.",
};

const stageLayers = stages.map((stage, index) => {
  const earlier = stages.slice(0, index);
  const group = earlier.flatMap((folder) => [`**/${folder}/**`, ...readable.map((file) => `!**/${folder}/${file}.ts`)]);
  const back = { group, message: "an earlier stage is only read, by its stores.", allowTypeImports: true };
  return layer(
    [`src/${stage}/**/*.ts`],
    [...banFolders(["http", "cli", "runners"], "stages know no edge."), ...(earlier.length > 0 ? [back] : []), edges],
  );
});

const groundLayers = ground.map((folder) => {
  const above = [...stages, "http", "cli", "runners", ...(folder === "access" ? [] : ["access"])];
  const banned = folder === "lib" ? [...above, "platform"] : above;
  return layer(
    [`src/${folder}/**/*.ts`],
    [...banFolders(banned, "imports point down only."), edges],
    folder === "platform" ? ["postgres", "kysely"] : [],
  );
});

export default defineConfig({
  plugins: ["typescript", "import", "unicorn", "oxc", "node"],
  categories: { correctness: "error", suspicious: "error" },
  options: { typeAware: true },
  rules: {
    "import/no-cycle": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/ban-ts-comment": "error",
    eqeqeq: "error",
    "no-console": "error",
    // Express 5 passes on what an async handler rejects with.
    "oxc/no-async-endpoint-handlers": "off",
    // pg and express are CommonJS: their members are on the default export.
    "import/no-named-as-default-member": "off",
    // What comes out of the database is typed by hand beside its statement.
    "typescript/no-unsafe-type-assertion": "off",
    "unicorn/consistent-function-scoping": "off",
    // TypeScript sees to it that a switch is exhaustive.
    "typescript/consistent-return": "off",
    "no-shadow": "off",
    "no-await-in-loop": "off",
  },
  overrides: [
    ...groundLayers,
    ...stageLayers,
    layer(["src/http/**/*.ts"], [...banFolders(["cli", "runners"], "http stands beside these."), edges], ["express"]),
    layer(["src/runners/**/*.ts"], [...banFolders(["http", "cli"], "runners know no edge."), edges]),
    layer(["src/cli/**/*.ts"], [...banFolders(["http"], "the command line does not go through HTTP.")]),
    layer(["src/*.ts"], []),
  ],
});
