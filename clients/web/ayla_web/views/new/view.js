/** New job: a form that is checked while one types, and the same job as code. */

import { ApiProblem, get, post } from "../../core/api.js";
import { nameOf } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { again, navigate, query } from "../../core/router.js";
import { html, useCallback, useEffect, useMemo, useRef, useState } from "../../core/ui.js";
import { Heading } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";
import { tell } from "../../parts/notices.js";
import { packed, unpacked, withValue } from "./draft.js";
import { Examples } from "./examples.js";
import { FormContext } from "./fields.js";
import { OptimizersPart } from "./optimizers.js";
import { ProblemPart } from "./problem.js";
import { Code, Review, useChecked } from "./review.js";
import { BudgetPart, NamesPart, RunPart, SearchPart } from "./run.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {import("./draft.js").Draft} Draft */

/** What the form begins with: runs as it is, and shows what there is to compare. @type {Draft} */
const FIRST = {
  problem: { type: "expression", expression: "x**4 - 3*x**3 + 2", start: { x: { uniform: [-1, 3] } } },
  optimizers: [
    { name: "adam", learning_rate: 0.03 },
    { name: "adam", learning_rate: 0.03, ayla: { n1: 1, n2: 0.57 } },
  ],
  budget: { steps: 200 },
  seeds: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
};

/** The draft stands behind the # of the address: it can be long, and no server has to read it. */
const ofAddress = () => unpacked(/^#draft=([\w-]+)$/.exec(location.hash)?.[1] ?? "");

export function View() {
  const from = query.value.get("from");
  const catalogue = useRemote("catalogue", (signal) => /** @type {Promise<Schemas["Catalogue"]>} */ (get("/v1/catalogue", { signal })));
  const origin = useRemote(from ? `job ${from}` : null, (signal) => /** @type {Promise<Schemas["JobDetail"]>} */ (get(`/v1/jobs/${encodeURIComponent(from ?? "")}`, { signal })));
  const title = from ? `New job from ${origin.data ? nameOf(origin.data) : "…"}` : "New job";
  const isReady = !from || origin.data !== undefined;
  return html`<${Heading} text=${title}>${from && html`<a class="button" href=${`/jobs/${from}`}>The original</a>`}<//>
    ${from && !isReady && html`<${Read} remote=${origin} what="job">${() => null}<//>`}
    ${isReady && html`<${Read} remote=${catalogue} what="the catalogue">${(/** @type {Schemas["Catalogue"]} */ found) => html`<${Editor} key=${`${from ?? ""} ${again.value}`} catalogue=${found} first=${origin.data?.spec ?? FIRST} />`}<//>`}`;
}

/** @param {{ catalogue: Schemas["Catalogue"], first: Draft }} props */
function Editor({ catalogue, first }) {
  const [draft, setDraft] = useState(() => ofAddress() ?? first);
  const [refused, setRefused] = useState(/** @type {ApiProblem | null} */ (null));
  const [hasExamples, setExamples] = useState(false);
  const [isSending, setSending] = useState(false);
  const datasets = useRemote("datasets", (signal) => /** @type {Promise<Schemas["DatasetPage"]>} */ (get("/v1/datasets?limit=100", { signal })));
  useDraftInAddress(draft, first, setDraft);
  const checked = useChecked(draft);
  const edit = useCallback((/** @type {import("./draft.js").Path} */ path, /** @type {unknown} */ value) => {
    setRefused(null);
    setDraft((before) => cleaned(withValue(before, path, value)));
  }, []);
  const problem = refused ?? checked.problem;
  const form = useMemo(() => ({ draft, edit, errors: problem?.errors ?? [], root: /** @type {any} */ (catalogue.job_schema) }), [draft, problem, catalogue]);
  const submit = async () => {
    setSending(true);
    try {
      const job = await post("/v1/jobs", draft);
      tell("The job is in the queue");
      navigate(`/jobs/${job.id}`);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setRefused(error);
      tell(error.message, { bad: true });
    } finally {
      setSending(false);
    }
  };
  const choose = (/** @type {Draft} */ example) => {
    setRefused(null);
    setDraft(example);
  };
  return html`<${FormContext.Provider} value=${form}><div class="new-job">
    <form class="new-form" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()} aria-label="Job">
      <details class="more examples-box" onToggle=${(/** @type {any} */ event) => setExamples(event.currentTarget.open)}><summary>Begin with an example</summary>${hasExamples && html`<${Examples} onChoose=${choose} />`}</details>
      <section class="form-section" aria-label="Problem"><h2>Problem</h2><${ProblemPart} catalogue=${catalogue} datasets=${datasets.data?.data ?? []} /></section>
      <section class="form-section" aria-label="Optimizers"><h2>Optimizers</h2><${OptimizersPart} /></section>
      <${SearchPart} />
      <section class="form-section" aria-label="Budget and seeds"><h2>Budget and seeds</h2><${BudgetPart} /></section>
      <section class="form-section" aria-label="Name and run"><h2>Name and run</h2><${NamesPart} /><${RunPart} /></section>
    </form>
    <div class="new-side"><${Review} checked=${refused ? { ...checked, state: "wrong", problem: refused } : checked} onSubmit=${submit} isSending=${isSending} /><${Code} draft=${draft} /></div>
  </div><//>`;
}

/** Objects that editing has left empty are taken away, so that defaults hold. @param {Draft} draft @returns {Draft} */
function cleaned(draft) {
  const empty = ["search", "record", "limits"].filter((name) => draft[name] && !Object.keys(draft[name]).length);
  return empty.reduce((found, name) => withValue(found, [name], undefined), draft);
}

/** @param {Draft} draft @param {Draft} first @param {(draft: Draft) => void} setDraft */
function useDraftInAddress(draft, first, setDraft) {
  const written = useRef(location.hash);
  useEffect(() => {
    const hash = draft === first ? "" : `#draft=${packed(draft)}`;
    const timer = setTimeout(() => {
      if (hash === location.hash) return;
      written.current = hash;
      history.replaceState(null, "", location.pathname + location.search + hash);
    }, 200);
    return () => clearTimeout(timer);
  }, [draft]);
  useEffect(() => {
    const look = () => {
      // A jump within the page, as to its content, leaves the draft alone and takes it out of no address.
      if (location.hash && !location.hash.startsWith("#draft=")) return history.replaceState(null, "", location.pathname + location.search + written.current);
      if (location.hash === written.current) return undefined;
      written.current = location.hash;
      return setDraft(ofAddress() ?? first);
    };
    // Going back is no change of the hash to a browser where the parameters change too.
    for (const name of ["hashchange", "popstate"]) addEventListener(name, look);
    return () => ["hashchange", "popstate"].forEach((name) => removeEventListener(name, look));
  }, []);
}
