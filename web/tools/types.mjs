// Fails when src/api/schema.ts is not what the contract gives: run `npm run types` and commit the result.
import { readFileSync } from "node:fs";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";

const want = COMMENT_HEADER + astToString(await openapiTS(new URL("../../api/openapi.yaml", import.meta.url)));
const have = readFileSync(new URL("../src/api/schema.ts", import.meta.url), "utf8");
if (want !== have) {
  process.stderr.write("src/api/schema.ts is older than api/openapi.yaml: run `npm run types`\n");
  process.exit(1);
}
