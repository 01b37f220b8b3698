import { type Kysely, sql } from "kysely";

const statements = [
  // What waits for its turn in its route's lane. `seq` is drawn one at a time while the event is accepted: whoever was
  // answered before another event came in has the smaller one. It need not be that of the commits, for nobody reads "all
  // up to": rows are taken one by one. `candidate` holds all that the decision needs, so that no body is read again.
  `CREATE TABLE pending_decisions (
     seq bigint GENERATED ALWAYS AS IDENTITY,
     route_id uuid NOT NULL,
     event_id uuid NOT NULL,
     generation int NOT NULL,
     project_id uuid NOT NULL,
     agent_id uuid NOT NULL,
     routed_at timestamptz NOT NULL,
     bytes int NOT NULL,
     candidate json NOT NULL,
     PRIMARY KEY (route_id, seq)
   )`,
  `CREATE INDEX pending_decisions_by_event ON pending_decisions (event_id)`,
  // One row for each key of a route that collects events; `latest` is the candidate whose task it will be.
  `CREATE TABLE debounces (
     route_id uuid NOT NULL,
     key_hash bytea NOT NULL,
     id uuid NOT NULL,
     project_id uuid NOT NULL,
     agent_id uuid NOT NULL,
     first_at timestamptz NOT NULL,
     due_at timestamptz NOT NULL,
     events int NOT NULL,
     bytes int NOT NULL,
     latest_seq bigint NOT NULL,
     latest json NOT NULL,
     PRIMARY KEY (route_id, key_hash)
   )`,
  `CREATE INDEX debounces_due ON debounces (due_at)`,
  `CREATE INDEX debounces_by_route ON debounces (route_id, due_at)`,
  // Each event of a debounce: none is forgotten however long the list gets, and each gets its decision.
  `CREATE TABLE debounced_events (
     debounce_id uuid NOT NULL,
     seq bigint NOT NULL,
     route_id uuid NOT NULL,
     event_id uuid NOT NULL,
     generation int NOT NULL,
     type text NOT NULL,
     delivery_id text NOT NULL,
     received_at timestamptz NOT NULL,
     routed_at timestamptz NOT NULL,
     PRIMARY KEY (debounce_id, seq)
   )`,
  `CREATE INDEX debounced_events_by_event ON debounced_events (event_id)`,
  // What became of an event on a route, but for a plain match, whose task says so itself. Both go with their events: a day
  // each, by the time in the event's id.
  `CREATE TABLE event_decisions (
     event_id uuid NOT NULL,
     generation int NOT NULL,
     route_id uuid NOT NULL,
     outcome text NOT NULL,
     reason text,
     detail text,
     task_id uuid,
     decided_at timestamptz NOT NULL,
     PRIMARY KEY (event_id, generation, route_id)
   ) PARTITION BY RANGE (event_id)`,
  `CREATE TABLE event_decisions_default PARTITION OF event_decisions DEFAULT`,
  // The routes that did not match, in one row: with a row each, an event that is nobody's would cost twenty.
  `CREATE TABLE event_misses (
     event_id uuid NOT NULL,
     generation int NOT NULL,
     misses json NOT NULL,
     decided_at timestamptz NOT NULL,
     PRIMARY KEY (event_id, generation)
   ) PARTITION BY RANGE (event_id)`,
  `CREATE TABLE event_misses_default PARTITION OF event_misses DEFAULT`,
];

const tables = ["event_misses", "event_decisions", "debounced_events", "debounces", "pending_decisions"];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of tables) await sql`DROP TABLE ${sql.table(table)}`.execute(db);
}
