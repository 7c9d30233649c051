// Loaded into Node before Azurite (--require): lets its store find by key. LokiJS uses one index for a query, that of
// the first member; Azurite's queries begin with the account, of which there is one, so that each looks at all that is
// stored: a quarter of its time at a thousand jobs, and more with each further one.
//
// Here the members of a query that are strings are looked up in tables of value -> rows, and the rows of the rarest are
// then held against the whole query by LokiJS itself: a row too many in a table does no harm. Not LokiJS's own indexes:
// they compare "2", "10" and "1a" in a circle, and may not find what is there.
"use strict";

const Loki = require("lokijs");

const { Collection } = Loki;
const { insertOne, update, remove, removeBatchByPositions, clear } = Collection.prototype;
const Resultset = new Loki("").addCollection("").chain().constructor;
const { findAnd } = Resultset.prototype;

const FEW = 50; // more rows are removed faster at once

/** Of each collection: property -> value -> the LokiJS ids of rows that have it, or once had it. */
const tables = new WeakMap();

function tablesOf(collection) {
  if (!tables.has(collection)) {
    tables.set(collection, new Map());
  }
  return tables.get(collection);
}

/** The table of a property, made of all rows when it is asked for first. */
function tableOf(collection, property) {
  const known = tablesOf(collection);
  if (!known.has(property)) {
    const table = new Map();
    known.set(property, table);
    for (const row of collection.data) {
      enter(table, row[property], row.$loki);
    }
  }
  return known.get(property);
}

function enter(table, value, id) {
  if (typeof value === "string") {
    const ids = table.get(value);
    ids === undefined ? table.set(value, new Set([id])) : ids.add(id);
  }
}

function enterAll(collection, row) {
  for (const [property, table] of tablesOf(collection)) {
    enter(table, row[property], row.$loki);
  }
}

Collection.prototype.insertOne = function (row, ...rest) {
  const answer = insertOne.call(this, row, ...rest);
  // Without an id it was refused, or the collection keeps copies.
  row.$loki === undefined ? tables.delete(this) : enterAll(this, row);
  return answer;
};

Collection.prototype.update = function (row) {
  const answer = update.call(this, row);
  for (const each of Array.isArray(row) ? row : [row]) {
    enterAll(this, each);
  }
  return answer;
};

Collection.prototype.remove = function (row) {
  if (Array.isArray(row) && row.length === 0) {
    return undefined; // else all indexes are made anew, for each message that is deleted
  }
  if (typeof row === "object" && !Array.isArray(row)) {
    for (const [property, table] of tablesOf(this)) {
      const ids = table.get(row[property]);
      if (ids?.delete(row.$loki) && ids.size === 0) {
        table.delete(row[property]);
      }
    }
  }
  return remove.call(this, row);
};

Collection.prototype.clear = function (...words) {
  tables.delete(this);
  return clear.apply(this, words);
};

// LokiJS sorts every index of a collection anew for each removal by a query, be it of one row. Azurite removes what no
// blob and no message refers to any more one by one, every ten minutes: for minutes in which it answered nobody.
Collection.prototype.removeBatchByPositions = function (places) {
  if (places.length > FEW) {
    tables.delete(this); // made anew when they are needed next
    return removeBatchByPositions.call(this, places);
  }
  for (const row of places.map((place) => this.data[place])) {
    this.remove(row);
  }
};

/** The rows of the rarest string that a query asks for, by their places; undefined where it asks for none. */
function candidates(collection, expressions) {
  let rarest;
  for (const expression of expressions) {
    const [[property, value]] = Object.entries(expression);
    if (typeof value === "string" && !property.includes(".") && !property.startsWith("$")) {
      const ids = tableOf(collection, property).get(value);
      if (ids === undefined) {
        return [];
      }
      rarest = rarest === undefined || ids.size < rarest.size ? ids : rarest;
    }
  }
  return rarest && [...rarest].map((id) => collection.get(id, true)?.[1]).filter((place) => place !== undefined);
}

Resultset.prototype.findAnd = Resultset.prototype.$and = function (expressions) {
  if (!this.filterInitialized && this.collection.data.length > 0) {
    const places = candidates(this.collection, expressions);
    if (places !== undefined) {
      this.filteredrows = places.sort((one, other) => one - other);
      this.filterInitialized = true;
    }
  }
  return findAnd.call(this, expressions);
};
