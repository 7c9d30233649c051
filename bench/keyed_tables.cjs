// Loaded into Node before Azurite (--require), by `make bench-million` only: keeps the rows of a table as Azure's Table
// service does, by partition and, within it, in the order of the row keys. Azurite 3.35 itself looks at every row of
// the partition for one row, and at every row of the table for a query, which says nothing about the service before it.
"use strict";

const path = require("node:path");

const source = path.join(__dirname, "../node_modules/azurite/dist/src/table/persistence");
const Store = require(path.join(source, "LokiTableMetadataStore.js")).default;
const queries = require(path.join(source, "LokiTableStoreQueryGenerator.js")).default;

/** The rows of one partition; a key that was ever there stays in `rows`, without a value when its row is gone. */
class Partition {
  rows = new Map();
  keys = undefined;

  set(row) {
    if (this.keys !== undefined && !this.rows.has(row.RowKey)) {
      this.keys.splice(this.place(row.RowKey), 0, row.RowKey);
    }
    this.rows.set(row.RowKey, row);
  }

  /** Where a key is, or would be, among the sorted ones. */
  place(key) {
    this.keys ??= [...this.rows.keys()].sort();
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.keys[middle] < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  *from(key, end) {
    for (let place = this.place(key); place < this.keys.length; place += 1) {
      if (end !== undefined && this.keys[place] > end) {
        return;
      }
      const row = this.rows.get(this.keys[place]);
      if (row !== undefined) {
        yield row;
      }
    }
  }
}

class Rows {
  partitions = new Map();

  findOne({ PartitionKey, RowKey }) {
    return this.partitions.get(PartitionKey)?.rows.get(RowKey) ?? null;
  }

  insert(row) {
    if (!this.partitions.has(row.PartitionKey)) {
      this.partitions.set(row.PartitionKey, new Partition());
    }
    this.partitions.get(row.PartitionKey).set(row);
    return row;
  }

  update(row) {
    return this.insert(row);
  }

  remove(row) {
    this.partitions.get(row.PartitionKey)?.rows.set(row.RowKey, undefined);
  }
}

const makeCollection = Store.prototype.createCollectionForTable;
Store.prototype.createCollectionForTable = function (table) {
  makeCollection.call(this, table);
  const collection = this.db.getCollection(this.getTableCollectionName(table.account, table.table));
  const rows = new Rows();
  for (const name of ["findOne", "insert", "update", "remove"]) {
    collection[name] = rows[name].bind(rows);
  }
  collection.partitions = rows.partitions;
};

/** The bounds of the row keys that a filter states, joined by `and` as the service writes it. */
function bounds(filter, first) {
  const stated = [...filter.matchAll(/RowKey (ge|gt|lt|le) '([^']*)'/g)];
  const of = (...words) => stated.filter(([, word]) => words.includes(word)).map(([, , key]) => key);
  return [[first ?? "", ...of("ge", "gt")].sort().at(-1), of("lt", "le").sort()[0]];
}

Store.prototype.queryTableEntities = async function (context, account, table, options, _partition, nextRow) {
  const wanted = queries.generateQueryForPersistenceLayer(options, context);
  const most = this.getMaxResultsOption(options);
  const name = /PartitionKey eq '([^']*)'/.exec(options.filter ?? "")?.[1];
  if (name === undefined) {
    throw new Error(`keyed tables answer queries of one partition only, not ${options.filter}`);
  }
  const [start, end] = bounds(options.filter, this.decodeContinuationHeader(nextRow));
  const found = [];
  for (const row of this.getEntityCollection(account, table, context).partitions.get(name)?.from(start, end) ?? []) {
    if (wanted(row) && found.push(row) > most) {
      break;
    }
  }
  const next = this.adjustQueryResultforTop(found, most);
  return [found, next.nextPartitionKeyResponse, next.nextRowKeyResponse];
};
