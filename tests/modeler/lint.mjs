// What Camunda Modeler's problems panel says of models: node lint.mjs FILE… prints {file: {warnings, reports}}.
import { readFileSync } from "node:fs";
import { Linter } from "@camunda/linting";
import { BpmnModdle } from "bpmn-moddle";
import zeebe from "zeebe-bpmn-moddle/resources/zeebe.json";
import modeler from "modeler-moddle/resources/modeler.json";
const told = {};
for (const file of process.argv.slice(2)) {
  const { rootElement, warnings } = await new BpmnModdle({ zeebe, modeler }).fromXML(readFileSync(file, "utf8"));
  const reports = await new Linter({ modeler: "desktop", type: "cloud" }).lint(rootElement);
  told[file] = {
    warnings: warnings.map((one) => one.message),
    reports: reports.map(({ id, rule, message }) => ({ id, rule, message })),
  };
}
console.log(JSON.stringify(told, null, 1));
