import { z } from "zod";

/** A result that follows the report template, by section. */
export const reportSchema = z
  .object({
    plan: z.string().exactOptional(),
    endpoints: z.string().exactOptional().describe("Endpoints/Contracts."),
    databaseImpact: z.string().exactOptional(),
    tests: z.string().exactOptional(),
    risks: z.string().exactOptional().describe("Risks & Rollbacks."),
  })
  .meta({ id: "Report", description: "The sections of the report template, as Markdown." });

export type Report = z.infer<typeof reportSchema>;
type Section = keyof Report;

// As `plainName` leaves them.
const sectionsByName: ReadonlyMap<string, Section> = new Map<string, Section>([
  ["plan", "plan"],
  ["implementation plan", "plan"],
  ["endpoint and contract", "endpoints"],
  ["endpoint contract", "endpoints"],
  ["endpoint or contract", "endpoints"],
  ["contract and endpoint", "endpoints"],
  ["endpoint", "endpoints"],
  ["contract", "endpoints"],
  ["database impact", "databaseImpact"],
  ["db impact", "databaseImpact"],
  ["impact on database", "databaseImpact"],
  ["test", "tests"],
  ["testing", "tests"],
  ["test plan", "tests"],
  ["risk and rollback", "risks"],
  ["risk and roll back", "risks"],
  ["risk rollback", "risks"],
  ["rollback and risk", "risks"],
  ["risk", "risks"],
]);

// Fewer are what any text on software has.
const minSections = 3;
const maxNameCharacters = 100;
const boldLevel = 7;

interface Heading {
  /** 1 to 6; 7: a line in bold, which some write instead. */
  readonly level: number;
  readonly section: Section | undefined;
  /** Where its section's text begins and where the heading's own line begins, as indexes of lines. */
  readonly line: number;
  readonly bodyLine: number;
}

/** `2. Risks & Rollbacks:` → `risk and rollback`. */
function plainName(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[&/+]/g, " and ")
    .replaceAll(/[^\p{L}]+/gu, " ")
    .trim()
    .replace(/^(?:section|step|part|[ivx]{1,5}|[a-e]) (?=\S)/, "")
    .replaceAll(/(?<=\p{L}{3})s(?= |$)/gu, "");
}

function sectionOf(text: string): Section | undefined {
  return text.length > maxNameCharacters ? undefined : sectionsByName.get(plainName(text));
}

function fenceOf(line: string): string | undefined {
  return /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
}

function headingAt(lines: readonly string[], index: number): Heading | undefined {
  const line = lines[index] ?? "";
  const place = { line: index, bodyLine: index + 1 };
  const marked = /^ {0,3}(#{1,6})(?:[ \t]|$)/.exec(line);
  if (marked !== null)
    return { ...place, level: marked[1]?.length ?? 1, section: sectionOf(line.slice(marked[0].length)) };
  const under = /^ {0,3}(=|-)\1*[ \t]*$/.exec(lines[index + 1] ?? "")?.[1];
  if (under !== undefined && line.trim() !== "")
    return { line: index, bodyLine: index + 2, level: under === "=" ? 1 : 2, section: sectionOf(line) };
  const text = line.length > maxNameCharacters ? "" : line.trim();
  const section = /^(?:\*\*|__).+(?:\*\*|__):?$/.test(text) ? sectionOf(text) : undefined;
  return section === undefined ? undefined : { ...place, level: boldLevel, section };
}

// What stands between fences is code, whatever it looks like; a fence that nobody closes reaches to the end.
function headingsOf(lines: readonly string[]): Heading[] {
  const headings: Heading[] = [];
  let fence: string | undefined;
  for (let index = 0; index < lines.length; index += 1) {
    const mark = fenceOf(lines[index] ?? "");
    if (fence !== undefined) {
      if (mark?.startsWith(fence) === true && (lines[index] ?? "").trim() === mark) fence = undefined;
      continue;
    }
    fence = mark;
    const heading = mark === undefined ? headingAt(lines, index) : undefined;
    if (heading === undefined) continue;
    headings.push(heading);
    index = heading.bodyLine - 1;
  }
  return headings;
}

// The level at which most sections stand: "Tests" below "Plan" is a part of the plan, unless there is no other.
function levelOf(headings: readonly Heading[]): number {
  const named = headings.filter(({ section }) => section !== undefined);
  const byLevel = [...Map.groupBy(named, ({ level }) => level)].map(([level, ofLevel]) => ({
    level,
    count: new Set(ofLevel.map(({ section }) => section)).size,
  }));
  return byLevel.toSorted((one, other) => other.count - one.count || one.level - other.level)[0]?.level ?? 1;
}

/**
 * Reads a Markdown text that follows the report template: the sections Plan, Endpoints/Contracts, Database Impact, Tests, and
 * Risks & Rollbacks, under headings of any level, in any case and order, numbered or not. Undefined unless three of them are
 * there. Of two of a kind the first counts. Pure, and linear in the text.
 */
export function parseReport(markdown: string): Report | undefined {
  const lines = markdown.split(/\r?\n/);
  const headings = headingsOf(lines);
  const level = levelOf(headings);
  const atLevel = new Set(headings.filter((heading) => heading.level === level).map(({ section }) => section));
  const found = new Map<Section, string>();
  let open: { readonly section: Section; readonly heading: Heading } | undefined;
  const close = (endLine: number): void => {
    if (open === undefined) return;
    found.set(open.section, lines.slice(open.heading.bodyLine, endLine).join("\n").trim());
    open = undefined;
  };
  for (const heading of headings) {
    const { section } = heading;
    const counts = section !== undefined && !found.has(section) && (heading.level === level || !atLevel.has(section));
    const isOpen = counts && open?.section === section;
    if (isOpen) continue;
    if (counts || (open !== undefined && heading.level <= open.heading.level)) close(heading.line);
    if (counts && section !== undefined) open = { section, heading };
  }
  close(lines.length);
  return found.size < minSections ? undefined : Object.fromEntries(found);
}
