/** Jobs as they run: the service's stream of events, reconnected when it breaks. */
import { setTimeout as sleep } from "node:timers/promises";

import { EventSourceParserStream } from "eventsource-parser/stream";

import { ServiceError, type Schemas, type Service } from "./service.js";

export type JobEvent = Schemas["JobEvent"];

const MOST_BREAKS = 10;
const FIRST_RETRY_MS = 2000;

/** Where the next connection goes on, and after how long; `over` when the service says that nothing more will come. */
interface Place {
  id: string | undefined;
  retryMs: number;
  over: boolean;
}

/**
 * Every event of a job, the last of which is its `end`.
 *
 * A connection that breaks is opened again after the time that the service asks for, with the id of the last event;
 * the stream then begins with a new `snapshot`. After ten breaks in a row without an event the error is thrown.
 */
export async function* follow(service: Service, jobId: string): AsyncGenerator<JobEvent> {
  const place: Place = { id: undefined, retryMs: FIRST_RETRY_MS, over: false };
  for (let breaks = 0; ; breaks += 1) {
    try {
      for await (const event of connection(service, jobId, place)) {
        breaks = 0;
        yield event;
        if (event.event === "end") return;
      }
    } catch (error) {
      if (error instanceof ServiceError || breaks >= MOST_BREAKS) throw error;
    }
    if (place.over) return;
    await sleep(place.retryMs);
  }
}

/** The events of one connection, which notes where the next one goes on. */
async function* connection(service: Service, jobId: string, place: Place): AsyncGenerator<JobEvent> {
  const { data, error, response } = await service.GET("/v1/jobs/{job_id}/events", {
    params: { path: { job_id: jobId }, header: place.id === undefined ? {} : { "Last-Event-ID": place.id } },
    parseAs: "stream",
  });
  if (error !== undefined) throw new ServiceError(error);
  place.over = response.status === 204;
  const messages = data
    ?.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ onRetry: (ms) => (place.retryMs = ms) }));
  for await (const message of messages ?? []) {
    place.id = message.id ?? place.id;
    // The contract says what the data of each event are; the JSON itself cannot.
    yield { event: message.event, id: message.id, data: JSON.parse(message.data) } as JobEvent;
  }
}
