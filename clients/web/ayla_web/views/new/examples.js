/** Examples to begin with: those of the service's contract, and the paper's experiments. */

import { get } from "../../core/api.js";
import { useRemote } from "../../core/remote.js";
import { html } from "../../core/ui.js";
import { Read } from "../../parts/faces.js";

/** @typedef {{ summary: string, value: import("./draft.js").Draft }} Example */

/** @param {any} contract @returns {Example[]} */
export const examplesOf = (contract) => Object.values(contract.paths?.["/v1/jobs"]?.post?.requestBody?.content?.["application/json"]?.examples ?? {});

/** @param {{ onChoose: (draft: import("./draft.js").Draft) => void }} props */
export function Examples({ onChoose }) {
  const contract = useRemote("contract", (signal) => get("/openapi.json", { signal }).then(examplesOf));
  return html`<${Read} remote=${contract} what="the examples">${(/** @type {Example[]} */ examples) => html`<ul class="examples">${examples.map(({ summary, value }) => html`<li key=${summary}>
    <button type="button" class="example" onClick=${() => onChoose(value)}>${summary}</button></li>`)}</ul>`}<//>`;
}
