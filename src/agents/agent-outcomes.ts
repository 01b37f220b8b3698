import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import type { AgentCache } from "./agent-cache.ts";
import type { AgentDefinition } from "./agent-definition.ts";
import { announcePause } from "./announce-pause.ts";
import { type AgentRow, updateAgentRow } from "./store.ts";

/** How attempts of an agent ended since the last look: those that failed after the last success, if there was one. */
interface Noted {
  hasSucceeded: boolean;
  failedAtMs: number[];
}

// More failures in a row than any breaker asks for need not be kept.
const maxFailures = 100;

const lockAgent = { name: "lock_agent_for_breaker", text: "SELECT * FROM agents WHERE id = $1 FOR UPDATE" };
const selectFailures = {
  name: "select_agent_failures",
  text: "SELECT failed_at FROM agent_failures WHERE agent_id = $1",
};
const putFailures = {
  name: "put_agent_failures",
  text: `INSERT INTO agent_failures (agent_id, failed_at) VALUES ($1, $2)
         ON CONFLICT (agent_id) DO UPDATE SET failed_at = excluded.failed_at`,
};
const dropFailures = { name: "drop_agent_failures", text: "DELETE FROM agent_failures WHERE agent_id = $1" };

/**
 * The circuit breakers of agents. An attempt's end costs a look into memory; once a second what was noted is added to what
 * the other processes found, in a row of its own for each agent with a breaker, and an agent that only fails is paused. A
 * process that dies loses what it noted in its last second.
 */
export class AgentOutcomes {
  readonly #services: Services;
  readonly #agents: AgentCache;
  #noted = new Map<string, Noted>();

  constructor(services: Services, agents: AgentCache) {
    this.#services = services;
    this.#agents = agents;
  }

  /** An attempt of this agent (by uuid) has ended, well or not. */
  note(agentId: string, hasSucceeded: boolean): void {
    const agent = this.#agents.peek(agentId);
    if (agent !== undefined && agent.value?.limits.breaker === undefined) return;
    let noted = this.#noted.get(agentId);
    if (noted === undefined) this.#noted.set(agentId, (noted = { hasSucceeded: false, failedAtMs: [] }));
    if (hasSucceeded) {
      noted.hasSucceeded = true;
      noted.failedAtMs = [];
    } else {
      noted.failedAtMs.push(this.#services.clock.now());
      if (noted.failedAtMs.length > maxFailures) noted.failedAtMs.shift();
    }
  }

  /** Writes down what was noted, and pauses or resumes whom it concerns. */
  async flush(): Promise<void> {
    const all = this.#noted;
    this.#noted = new Map();
    const agents = await this.#agents.getMany(this.#services.db, all.keys());
    for (const [agentId, noted] of all)
      if (agents.get(agentId)?.limits.breaker !== undefined)
        await this.#services.db.transaction((tx) => this.#judge(tx, agentId, noted));
  }

  async #judge(tx: Transaction, agentId: string, noted: Noted): Promise<void> {
    const nowMs = this.#services.clock.now();
    const [agent] = await tx.query<AgentRow>(lockAgent, [agentId]);
    const { breaker } = (agent?.limits ?? {}) as AgentDefinition["limits"];
    if (agent === undefined || agent.deleted_at !== null || breaker === undefined) return;
    if (agent.paused_at !== null) {
      await this.#judgeTrial(tx, agent, noted, breaker.cooldownSeconds);
      return;
    }
    const [stored] = noted.hasSucceeded ? [] : await tx.query<{ failed_at: Date[] }>(selectFailures, [agentId]);
    const failures = [...(stored?.failed_at ?? []).map((at) => at.getTime()), ...noted.failedAtMs]
      .filter((atMs) => atMs > nowMs - breaker.perSeconds * 1000)
      .slice(-maxFailures);
    if (failures.length >= breaker.failures) {
      await this.#pause(tx, agent, breaker.cooldownSeconds);
      await tx.query(dropFailures, [agentId]);
    } else if (failures.length > 0) await tx.query(putFailures, [agentId, failures.map((atMs) => new Date(atMs))]);
    else await tx.query(dropFailures, [agentId]);
  }

  // After its cooldown a paused agent gets one task. How that ends decides; what was under way before the pause does not.
  async #judgeTrial(
    tx: Transaction,
    agent: AgentRow,
    noted: Noted,
    cooldownSeconds: number | undefined,
  ): Promise<void> {
    const isOnTrial = agent.resume_at !== null && agent.resume_at.getTime() <= this.#services.clock.now();
    if (agent.paused_reason !== "breaker" || !isOnTrial) return;
    if (noted.failedAtMs.length > 0) await this.#pause(tx, agent, cooldownSeconds);
    else {
      await updateAgentRow(tx, agent.id, { paused_at: null, paused_reason: null, resume_at: null });
      await this.#services.signals.emit(tx, "agents", [agent.id]);
      this.#services.log.info({ unit: "circuit breaker", agent: agent.name }, "an agent works again");
    }
  }

  async #pause(tx: Transaction, agent: AgentRow, cooldownSeconds: number | undefined): Promise<void> {
    const { clock, signals, log } = this.#services;
    const now = clock.now();
    const row = await updateAgentRow(tx, agent.id, {
      paused_at: agent.paused_at ?? new Date(now),
      paused_reason: "breaker",
      resume_at: cooldownSeconds === undefined ? null : new Date(now + cooldownSeconds * 1000),
    });
    if (agent.paused_at === null) await announcePause(tx, this.#services, row);
    await signals.emit(tx, "agents", [agent.id]);
    log.warn({ unit: "circuit breaker", agent: agent.name, agentId: agent.id }, "paused an agent that only fails");
  }
}
