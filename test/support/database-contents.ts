import type { Context } from "../../src/access/context.ts";

/** The audit log of the context's project, oldest first. */
export async function auditLog(ctx: Context): Promise<{ action: string; target: string | null; detail: unknown }[]> {
  return await ctx.db.kysely
    .selectFrom("audit_log")
    .select(["action", "target", "detail"])
    .where("project_id", "=", ctx.actor.projectId)
    .orderBy("id")
    .execute();
}

/** The tables that hold a text anywhere, as text or as bytes. */
export async function tablesWith(ctx: Pick<Context, "db">, text: string): Promise<string[]> {
  const tables = await ctx.db.query<{ name: string }>(
    { text: "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ($1, $2)" },
    ["public", "pgboss"],
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const statement = `SELECT 1 FROM ${name} AS t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0 LIMIT 1`;
    const rows = await ctx.db.query({ text: statement }, [text, Buffer.from(text).toString("hex")]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/** A context whose audit rows the database refuses: what it changes must not last. */
export function withoutAudit(ctx: Context): Context {
  return { ...ctx, actor: { ...ctx.actor, name: null as unknown as string } };
}

/** What each table holds, as one hash of all its rows: equal when nothing was stored, changed or removed in between. */
export async function contentsOf(ctx: Pick<Context, "db">): Promise<Record<string, string>> {
  const tables = await ctx.db.query<{ name: string }>(
    { text: "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ($1, $2)" },
    ["public", "pgboss"],
  );
  const contents: Record<string, string> = {};
  for (const { name } of tables) {
    const text = `SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) AS hash FROM ONLY ${name} AS t`;
    const [row] = await ctx.db.query<{ hash: string }>({ text }, []);
    contents[name] = row?.hash ?? "";
  }
  return contents;
}
