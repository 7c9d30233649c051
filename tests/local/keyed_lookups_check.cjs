// Holds local/keyed_lookups.cjs against looking at every row: `node keyed_lookups_check.cjs SEED STEPS` does random
// things to a collection that is declared as Azurite declares its own, and prints the first query answered differently.
"use strict";

const Loki = require("../../node_modules/lokijs");
require("../../local/keyed_lookups.cjs");

let [seed, steps] = process.argv.slice(2).map(Number);
const random = (most) => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return (seed >> 8) % most;
};
// Such that LokiJS compares in a circle: 2 < 10 < 1a < 2.
const words = ["2", "10", "1a", "a", "", "1e1", "10.0", "results", "__proto__", 10, null, undefined];
const word = () => words[random(words.length)];
const database = new Loki("check");
const rows = database.addCollection("rows", { indices: ["accountName", "name"] });
const any = () => rows.data[random(rows.data.length)];

const changes = [
  () => rows.insert({ accountName: "a", name: word(), more: word() }),
  () => rows.insert({ accountName: "a", name: word(), more: word() }),
  () => rows.insert([1, 2].map(() => ({ accountName: "b", name: word(), more: word() }))),
  () => rows.data.length && rows.update(Object.assign(any(), { name: word() })),
  () => rows.data.length && rows.remove(any()),
  () => random(20) === 0 && rows.removeWhere({ name: word() }),
  () => random(20) === 0 && rows.data.length && rows.remove([any()]),
  () => random(20) === 0 && rows.findAndRemove({ name: word() }),
  () => rows.remove([]),
  () => random(100) === 0 && rows.clear(),
  () => random(50) === 0 && rows.chain().find({ name: word(), more: word() }).remove(),
];
const queries = [
  () => ({ accountName: "a", name: word() }),
  () => ({ name: word(), more: word() }),
  () => ({ accountName: "b", name: word(), more: word() }),
  () => ({ accountName: "a", $loki: random(30) }),
];
const fits = (query) => (row) => Object.entries(query).every(([name, value]) => row[name] === value);
const ids = (found) => found.map((row) => row.$loki).join(" ");

let answered = 0;
for (let step = 0; step < steps; step += 1) {
  changes[random(changes.length)]();
  const query = queries[random(queries.length)]();
  const expected = rows.data.filter(fits(query));
  const sorted = rows.chain().find(query).simplesort("$loki").data();
  const one = rows.findOne(query);
  if (ids(sorted) !== ids(expected) || (one === null ? expected.length : !expected.includes(one))) {
    console.log(`step ${step}: ${JSON.stringify(query)} gave ${ids(sorted)}, there are ${ids(expected)}`);
    process.exit(1);
  }
  const places = rows.data.map((_, place) => place).join(" ");
  for (const [name, index] of Object.entries(rows.binaryIndices)) {
    if ([...index.values].sort((a, b) => a - b).join(" ") !== places) {
      console.log(`step ${step}: the index of ${name} is not of all rows, each once`);
      process.exit(1);
    }
  }
  answered += expected.length;
}
console.log(`${answered} rows found`);
