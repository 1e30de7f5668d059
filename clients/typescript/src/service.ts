/** The service's API, typed by its contract, and its errors. */
import createClient, { type Client } from "openapi-fetch";

import type { components, paths } from "./contract.js";

export type Schemas = components["schemas"];
export type Service = Client<paths, Media>;

/** What this program reads. Tables come as Arrow, Parquet and CSV too, for those that ask for them. */
type Media = "application/json" | "application/problem+json" | "text/event-stream";

/** What the service refused, and what would be right; the whole problem document is in `problem`. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";

  constructor(readonly problem: Schemas["Problem"]) {
    const fields = problem.errors.map((error) => `\n  ${error.pointer}: ${error.detail}`);
    super(`${problem.status} ${problem.title}: ${problem.detail}${fields.join("")}`);
  }
}

/** The service at AYLA_BASE_URL, by default the one on this machine, with the key of AYLA_API_KEY if there is one. */
export function service(environment: NodeJS.ProcessEnv = process.env): Service {
  const key = environment["AYLA_API_KEY"] ?? "";
  return createClient<paths, Media>({
    baseUrl: environment["AYLA_BASE_URL"] ?? "http://127.0.0.1:8642",
    headers: key === "" ? {} : { Authorization: `Bearer ${key}` },
  });
}

/** The data of an answer; throws a ServiceError if it is a problem. */
export async function answered<Data>(
  answer: Promise<{ data?: Data; error?: Schemas["Problem"]; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await answer;
  if (error !== undefined) throw new ServiceError(error);
  if (data === undefined) throw new Error(`${response.status} without a body`);
  return data;
}
