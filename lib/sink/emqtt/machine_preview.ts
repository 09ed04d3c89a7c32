/**
 * ◆ What SICON.OS is told because of a reading. eMQTT is live: no message
 * belongs to one reading, a reading changes what a node posts and answers. So
 * this gives the cyclic data while they carry the reading, and words otherwise.
 *
 * @module
 */
import type { NewReading, Reading } from "../../reading/reading.ts";
import type { Preview } from "../sink.ts";
import type { Moment, PlugState, Settings, Sub } from "./machine_state.ts";
import { Turn } from "./machine_turn.ts";
import { buildTopic } from "./payload.ts";
import { msHex } from "./payload_hex.ts";
import { writePayload } from "./payload_write.ts";

const LIVE =
  "eMQTT is live: SICON.OS asks for values, no message belongs to one reading, and the sink takes each one at once";

/** What a reading means to the node of its device, as of now. */
export function previewOf(
  state: PlugState,
  settings: Settings,
  at: Moment,
  reading: Reading,
): Preview {
  const sub = [...state.subs.values()].find(({ device }) =>
    device === reading.device
  );
  if (sub === undefined || sub.state === null) {
    return { messages: [], note: `${LIVE}. It has no node for this device.` };
  }
  const asked = askedOf(sub);
  const now = asked.length === 0
    ? `asks nothing of node ${sub.id} at the moment`
    : `has asked node ${sub.id} for ${asked.join(", ")}`;
  const note = `${LIVE}. It ${now}.`;
  if (reading.file !== "energy" || sub.cyclic === null) {
    return { messages: [], note };
  }
  const { energy, held } = sub.state;
  if (!isSame(reading, energy) && !isSame(reading, held)) {
    const gone = "A later reading has taken its place in the cyclic data.";
    return { messages: [], note: `${note} ${gone}` };
  }
  const turn = new Turn(state, settings, at);
  const profile = settings.profile(sub.device);
  const view = turn.view(sub);
  return {
    messages: [{
      topic: buildTopic("toAdapter", settings.uid, sub.id, "postCyclicData"),
      qos: 0,
      retain: false,
      payload: writePayload("postCyclicData", "toAdapter", {
        ms: msHex(Math.round(turn.timeAt(at.monoMs))),
        SamplingRate: sub.cyclic.periodMs,
        PDIn: profile.pdIn(view),
        PDOut: profile.pdOut(view),
      }),
    }],
    note: `${note} The cyclic data carry this reading now.`,
  };
}

/** What SICON.OS has asked of a node, in words. */
function askedOf(sub: Sub): readonly string[] {
  const every = (ms: number) => `every ${ms / 1000} s`;
  const { cyclic, observation, events, report, replay } = sub;
  return [
    ...(cyclic === null ? [] : [`cyclic data ${every(cyclic.periodMs)}`]),
    ...(observation === null ? [] : [
      `indices ${observation.indices.join(" ")} ${
        every(observation.grid.periodMs)
      }`,
    ]),
    ...(events ? ["events"] : []),
    ...(report === null ? [] : ["reports"]),
    ...(replay === null ? [] : ["a replay"]),
  ];
}

function isSame(reading: Reading, other: NewReading | null): boolean {
  return other !== null &&
    other.received.bootId === reading.received.bootId &&
    other.received.monoMs === reading.received.monoMs &&
    other.fileId === reading.fileId;
}
