/**
 * The sink that a `queue` verb was given.
 *
 * @module
 */
import { nearest } from "../config/nearest.ts";
import type { SinkJson } from "../http/json.ts";
import { AgentError } from "./agent_error.ts";
import type { Agent } from "./control.ts";

/** @throws {AgentError} when there is no such sink, naming those there are */
export async function sinkOf(
  agent: Pick<Agent, "status">,
  name: string,
): Promise<SinkJson> {
  const { sinks } = await agent.status();
  const found = sinks.find((sink) => sink.name === name);
  if (found !== undefined) return found;
  const names = sinks.map((sink) => sink.name);
  const meant = nearest(name, names);
  throw new AgentError(
    `there is no sink ${name}. ${
      meant === undefined ? "" : `Did you mean "${meant}"? `
    }${
      names.length === 0
        ? "None is configured"
        : `There are: ${names.join(", ")}`
    }`,
  );
}
