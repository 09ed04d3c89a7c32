/**
 * The program as it is, with the fail points put into its process before it.
 *
 * @module
 */
import "./failpoints.ts";
import "../../main.ts";
