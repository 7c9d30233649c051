// Reads {tables: {name: "column:type, ..."}, queries: {name: text}} from stdin and writes what Kusto's own parser says
// of each query: {name: ["line 3: ...", ...]}.
"use strict";
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
// Its modules put themselves there.
const { Kusto } = globalThis;
const { tables, queries } = JSON.parse(require("fs").readFileSync(0, "utf8"));

const symbols = Object.entries(tables).map(([name, columns]) => Kusto.Language.Symbols.TableSymbol.From(`(${columns})`).WithName(name));
const database = new Kusto.Language.Symbols.DatabaseSymbol.ctor("workspace", symbols);
const globals = Kusto.Language.GlobalState.Default.WithDatabase(database);

const said = {};
for (const [name, text] of Object.entries(queries)) {
  const code = Kusto.Language.KustoCode.ParseAndAnalyze(text, globals);
  const found = code.GetDiagnostics();
  said[name] = [];
  for (let i = 0; i < found.Count; i++) {
    const diagnostic = found.getItem(i);
    const line = text.slice(0, diagnostic.Start).split("\n").length;
    said[name].push(`line ${line}: ${diagnostic.Severity}: ${diagnostic.Message}`);
  }
}
process.stdout.write(JSON.stringify(said));
