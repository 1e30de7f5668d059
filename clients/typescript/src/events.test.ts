/** Streams that break, end and are refused, from a server that does just that. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { follow } from "./events.js";
import { service, ServiceError } from "./service.js";

type Answer = (response: ServerResponse) => void;

/**
 * What `follow` yields, and the Last-Event-ID of each request, where the service answers in this order. As soon as an
 * event of progress is read, its connection is cut.
 */
async function followed(...answers: Answer[]): Promise<{ events: string[]; ids: (string | undefined)[] }> {
  const ids: (string | undefined)[] = [];
  let connection: ServerResponse | undefined;
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    ids.push(request.headers["last-event-id"] as string | undefined);
    connection = response;
    (answers.shift() ?? nothingMore)(response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const events: string[] = [];
  try {
    for await (const event of follow(service({ AYLA_BASE_URL: `http://127.0.0.1:${port}` }), "6f1c")) {
      events.push(event.event);
      if (event.event === "progress") connection?.destroy();
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return { events, ids };
}

function stream(response: ServerResponse, ...events: string[]): void {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write("retry: 1\n\n: ping\n\n");
  for (const event of events) response.write(`event: ${event}\ndata: {"job_id":"6f1c"}\nid: after-${event}\n\n`);
}

const nothingMore: Answer = (response) => response.writeHead(204).end();

test("a stream that is cut off goes on after its last event", async () => {
  const { events, ids } = await followed(
    (response) => stream(response, "snapshot", "progress"),
    (response) => stream(response, "snapshot", "end"),
  );
  assert.deepEqual(events, ["snapshot", "progress", "snapshot", "end"]);
  assert.deepEqual(ids, [undefined, "after-progress"]);
});

test("a stream that the service closes goes on too, until there is nothing more", async () => {
  const { events, ids } = await followed((response) => {
    stream(response, "snapshot");
    response.end();
  });
  assert.deepEqual(events, ["snapshot"]);
  assert.deepEqual(ids, [undefined, "after-snapshot"]);
});

test("a refusal is an error, and is not asked for again", async () => {
  const problem = { type: "urn:ayla:problem:not-found", title: "Not found", status: 404, detail: "No such job.", errors: [] };
  const refusal: Answer = (response) =>
    response.writeHead(404, { "Content-Type": "application/problem+json" }).end(JSON.stringify(problem));
  await assert.rejects(followed(refusal), (error: unknown) => {
    assert(error instanceof ServiceError);
    assert.equal(error.problem.detail, "No such job.");
    return true;
  });
});
