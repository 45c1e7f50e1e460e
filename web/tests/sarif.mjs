// `node sarif.mjs FILE` compares a file with the schema of SARIF 2.1.0, as Microsoft's matchers for Jest
// carry it: exit code 1 and a line for each thing that is otherwise.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// Their own validator and schema, without the matchers, which ask for Jest.
const theirs = createRequire(import.meta.resolve("@microsoft/jest-sarif/package.json"));
const Ajv = theirs("ajv");
const ajv = new Ajv({ schemaId: "auto", allErrors: true, validateSchema: false });
ajv.addMetaSchema(theirs("ajv/lib/refs/json-schema-draft-04.json"));
const validate = ajv.compile(theirs("./lib/schemas/sarif-2.1.0-rtm.5.json"));

const log = JSON.parse(readFileSync(process.argv[2], "utf8"));
if (!validate(log)) {
  for (const error of validate.errors) {
    console.log(`${error.dataPath}: ${error.message} ${JSON.stringify(error.params)}`);
  }
  process.exit(1);
}
console.log(`valid: ${log.runs.length} run(s), ${log.runs[0].results.length} result(s)`);
