/**
 * ◆ Why the running agent cannot be asked, or has not done what it was asked.
 *
 * @module
 */

/** The message is for people: what was found, and what would do. */
export class AgentError extends Error {
  override readonly name = "AgentError";
  constructor(
    message: string,
    /** Status of HTTP; null when the agent has not said anything. */
    readonly status: number | null = null,
  ) {
    super(message);
  }
}
